"""Errors whose one sentence is all that an operator has to read."""


class LakeError(Exception):
    """A step is impossible; the message says what is wrong and where."""


class BackupUnusableError(LakeError):
    """The backup is not there, has no manifest or is not what its manifest says."""


class DictionaryError(LakeError):
    """The dictionary says something that the lake cannot do."""


class GoldFileError(LakeError):
    """A file of sql/gold is wrong."""


class ExpectationsBrokenError(LakeError):
    """Rows break an expectation that is marked `stop`."""


class OlderBackupError(LakeError):
    """The lake holds a newer backup already."""
