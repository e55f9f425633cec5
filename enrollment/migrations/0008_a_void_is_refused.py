from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0007_readings'),
    ]

    operations = [
        migrations.AlterField(
            model_name='decision',
            name='kind',
            field=models.CharField(choices=[('withdrawal_stands', 'The withdrawal stands: nobody opposed it in time'), ('void_stands', "The desk's void stands"), ('void_refused', "The desk's void does not stand"), ('contest_settled', 'Of two wishes for one child this application counts')], max_length=20),
        ),
    ]
