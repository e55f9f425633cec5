from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("enrollment", "0005_a_contest_is_decided_again"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registered", "The application is registered"),
                    ("withdrawal_code", "A code to withdraw at a desk"),
                    ("withdrawn", "The application is withdrawn"),
                    ("confirmed", "The place is confirmed"),
                    ("reserve", "On the reserve list after a confirmed round"),
                    ("contested", "The family is asked which school counts"),
                    ("harmed", "Became known too late: first for a free place"),
                ],
                max_length=20,
            ),
        ),
    ]
