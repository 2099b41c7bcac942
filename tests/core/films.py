"""Short videos for tests, made here: honest ones, and ones made to lie or to burst."""

import tempfile
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw

PLACE = "+37.3349-122.0090+010.000/"
MADE_OF = {
    "mp4": ("libx264", "aac"),
    "mov": ("mpeg4", "aac"),
    "webm": ("libvpx", "libopus"),
    "avi": ("mjpeg", "mp3"),
}
CODED = {"avi": "yuvj420p"}


def film(kind="mp4", *, seconds=1.0, size=(160, 120), fps=10, sound=True, step=1):
    """A disc that turns, as `kind`; with the place it was taken at, as a phone writes it. Every frame lasts `step` frames."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film.{kind}"
        picture_codec, sound_codec = MADE_OF[kind]
        tags = {"movflags": "use_metadata_tags"} if kind in ("mp4", "mov") else {}
        with av.open(str(path), "w", options=tags) as out:
            out.metadata["com.apple.quicktime.location.ISO6709"] = PLACE
            out.metadata["title"] = "Ana's car, 12 Harbor Road"
            picture = out.add_stream(picture_codec, rate=fps)
            picture.width, picture.height = size
            picture.pix_fmt = CODED.get(kind, "yuv420p")
            hum = out.add_stream(sound_codec, rate=48_000, layout="mono") if sound else None
            for number in range(round(seconds * fps)):
                image = Image.new("RGB", size, "#F7F5EF")
                edge = min(size) - 10
                ImageDraw.Draw(image).pieslice((5, 5, edge, edge), number * 20, number * 20 + 90, "#B3261E")
                frame = av.VideoFrame.from_image(image)
                frame.pts, frame.time_base = number * step, Fraction(1, fps)
                out.mux(picture.encode(frame))
            out.mux(picture.encode(None))
            if hum:
                for number in range(round(seconds * 48_000 / 1024)):
                    silence = av.AudioFrame(format=hum.format.name, layout="mono", samples=1024)
                    for plane in silence.planes:
                        plane.update(bytes(plane.buffer_size))
                    silence.sample_rate, silence.pts = 48_000, number * 1024
                    silence.time_base = Fraction(1, 48_000)
                    out.mux(hum.encode(silence))
                out.mux(hum.encode(None))
        return path.read_bytes()
