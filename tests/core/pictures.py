"""Images for tests: honest ones, and ones made to lie or to burst."""

import io
import struct
import zlib

from PIL import Image


def jpeg(width=800, height=600, **save):
    out = io.BytesIO()
    noise = Image.effect_noise((min(width, 800), min(height, 600)), 40).convert("RGB")
    noise.resize((width, height), Image.Resampling.NEAREST).save(out, "JPEG", **save)
    return out.getvalue()


def png_claiming(width, height, rows=10):
    """A small file whose header promises `width` × `height` pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    line = b"\0" * (1 + width * 3)
    pixels = b"".join(packer.compress(line) for _ in range(rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def saved(mode, size, colour, kind, **save):
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **save)
    return out.getvalue()


def with_place_and_turn(width=600, height=400):
    """A JPEG as a phone held upright makes it: turned by EXIF, with the place it was taken at."""
    image = Image.new("RGB", (width, height), "black")
    image.paste("red", (0, 0, width // 2, height // 2))  # top left as stored
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to show
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"SecretComment", quality=95)
    return out.getvalue()
