"""What can keep an embedded server from starting, each as one sentence with the way out."""


class EmbeddedFault(Exception):
    """A fault that a person has to mend; its text is one clear sentence and the way out."""


class InUse(EmbeddedFault):
    """Somebody else works with this data directory right now."""


class PortBusy(EmbeddedFault):
    """Another program listens on a port that is needed."""


class NotStarted(EmbeddedFault):
    """A server ended, or did not answer in time; the text carries the end of its log."""


class Unusable(EmbeddedFault):
    """A data directory that cannot be used as it is: not writable, no room, password lost."""
