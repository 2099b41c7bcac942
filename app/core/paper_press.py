"""The child process that draws the first page of one untrusted PDF.

It is run as a file (`python -I paper_press.py <folder>`), imports nothing of ours, reads `paper.pdf` in that folder and answers
with a WebP, or with nothing where there is no page to be drawn. Typst reads PDFs with a renderer in safe Rust that runs no
script of theirs and fetches nothing. Memory and processor time are capped by the kernel, as for images.
"""

import io
import sys
from typing import Any

EDGE = 1200
"""Pixels of its longer side: enough to read a letter on a phone."""
MEMORY_BYTES = 256 * 1024 * 1024
PROCESSOR_SECONDS = 6
LONGEST = 600
"""Points of the longer side that the page is scaled to, whatever size it claims."""
SOURCE = f"""
#set page(width: auto, height: auto, margin: 0pt)
#context {{
  let size = measure(image("paper.pdf", page: 1))
  let scale = calc.min({LONGEST}pt / size.width, {LONGEST}pt / size.height)
  image("paper.pdf", page: 1, width: size.width * scale)
}}
"""


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


def draw(folder: str) -> bytes:
    """The first page as a WebP of at most `EDGE` pixels a side. Raises what Typst and Pillow raise."""
    import typst
    from PIL import Image

    # The bytes go without their type: the annotations want the root to be bytes as well.
    source: Any = SOURCE.encode()
    png = typst.compile(source, root=folder, format="png", ppi=72 * EDGE / LONGEST, ignore_system_fonts=True)
    page = Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB")
    page.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    page.save(out, "WEBP", quality=76, method=4)
    return out.getvalue()


def main() -> None:
    """Draw and answer; whatever goes wrong, there is no picture of it."""
    cap()
    try:
        answer = draw(sys.argv[1])
    except Exception:
        return
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
