"""The child process that decodes one untrusted image and writes it anew.

It is run as a file (`python -I image_press.py`), imports nothing of ours, reads the image from standard input
and answers with one line of JSON followed by the new bytes. Its memory and processor time are capped by the
kernel, so an image made to blow a decoder up takes only this process with it.
"""

import io
import json
import sys
import warnings
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from PIL import Image

FULL_EDGE = 2048
THUMB_EDGE = 480
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 16_000_000, "WEBP": 10_000_000}
"""JPEG can be decoded at a fraction of its size, so a phone's 50 megapixels are welcome; WebP needs most."""
LONGEST_EDGE = 16_384
MEMORY_BYTES = 184 * 1024 * 1024  # its own; with code and libraries it stays under 200 MB
PROCESSOR_SECONDS = 8


def refuse(reason: str) -> NoReturn:
    """Answer why the image was not taken and stop."""
    sys.stdout.buffer.write(json.dumps({"refused": reason}).encode() + b"\n")
    sys.stdout.buffer.flush()
    sys.exit(0)


def cap() -> None:
    """Let the kernel end this process when it grows or spins (systems without rlimits go without)."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY_BYTES, 4 * MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def press(raw: bytes) -> None:
    """Write the image anew: upright, sRGB, no metadata, at most 2048 pixels, and a small one beside it."""
    from PIL import Image, ImageCms, ImageOps

    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # the limits below are stricter and depend on the format
    image: Image.Image = Image.open(io.BytesIO(raw), formats=list(MOST_PIXELS))
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    if image.width * image.height > MOST_PIXELS[kind] or max(image.size) > LONGEST_EDGE:
        refuse("pixels")
    if kind == "JPEG":
        image.draft("RGB", (FULL_EDGE, FULL_EDGE))
    image.load()
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    image.thumbnail((FULL_EDGE, FULL_EDGE), Image.Resampling.LANCZOS)
    image = flat(image)
    if profile and image.mode == "RGB":
        try:  # phones photograph in wider colours; without the profile their photos would look dull
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB")) or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    full = io.BytesIO()
    clean.save(full, "JPEG", quality=82, optimize=True, progressive=True)
    small = clean.copy()
    small.thumbnail((THUMB_EDGE, THUMB_EDGE), Image.Resampling.LANCZOS)
    thumb = io.BytesIO()
    small.save(thumb, "WEBP", quality=76, method=4)
    answer = {"size": clean.size, "thumb_size": small.size, "full": full.tell(), "thumb": thumb.tell()}
    out = sys.stdout.buffer
    out.write(json.dumps(answer).encode() + b"\n" + full.getvalue() + thumb.getvalue())
    out.flush()


def flat(image: "Image.Image") -> "Image.Image":
    """The image in RGB, what was transparent on white."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        image = image.point(lambda level: level / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image.convert("RGB")


def main() -> None:
    """Read, press, answer; any fault of the decoder is an unreadable image."""
    cap()
    raw = sys.stdin.buffer.read()
    try:
        press(raw)
    except MemoryError:
        refuse("pixels")
    except Exception:
        refuse("unreadable")


if __name__ == "__main__":
    main()
