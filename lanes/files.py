"""Files of a work tree, written as a whole or not at all."""

import os
import secrets
from pathlib import Path
from stat import S_IMODE


def replace(file: Path, content: bytes) -> None:
    """Give *file* another content and leave it its mode; make it where there is none. Raises OSError.

    Whoever reads it finds the old content or the new one, whatever ends this half way.
    """
    mode = S_IMODE(file.stat().st_mode) if file.exists() else None
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
