"""The child process that decodes one untrusted video and writes it anew.

It is run as a file (`python -I clip_press.py kind source clip poster`) and imports nothing of ours. It answers on
standard output in lines of JSON: `{"percent": 40}` on the way, and `{"refused": "…"}` or `{"width": …}` as the last.
Its memory, its processor time and what it may write are capped by the kernel, so a file made to blow a decoder up takes
only this process with it.
"""

import json
import os
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import av

LONGEST_SECONDS = 60
GRACE_SECONDS = 2  # a phone's "60 seconds" are 60.4
LONGEST_EDGE = 4096
MOST_PIXELS = 4096 * 2304
SHORT_EDGE = 720
POSTER_EDGE = 720
MOST_FRAMES_A_SECOND = 30
LOST_SECONDS = 2.0
"""A picture that ends this much before it says it does has not arrived whole."""
TICKS = 90_000
SAMPLES = 48_000

PICTURES = {"h264", "hevc", "mpeg4", "h263", "vp8", "vp9", "av1", "mjpeg"}
SOUNDS = {"aac", "mp3", "opus", "vorbis", "amrnb", "amrwb", "amr_nb", "amr_wb", "alac", "pcm_s16le", "pcm_s16be", "pcm_u8"}  # fmt: skip
"""What phones and dashcams write. A decoder that nobody needs is one that nobody attacks."""

MEMORY_BYTES = 900 * 1024 * 1024
PROCESSOR_SECONDS = 400
LARGEST_RESULT = 64 * 1024 * 1024


def say(**what: Any) -> None:
    """One line of the answer. Ends this process when nobody listens any more."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def refuse(reason: str) -> NoReturn:
    """Answer why the video was not taken and stop, without waiting for a decoder's threads."""
    say(refused=reason)
    os._exit(0)


def cap() -> None:
    """Let the kernel end this process when it grows or spins (systems without rlimits go without)."""
    try:
        import resource
    except ImportError:
        return
    os.nice(10)  # pages come first
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (3 * MEMORY_BYTES, 3 * MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_RESULT, LARGEST_RESULT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Picture:
    """The moving picture: upright, at most 720 pixels on its short side, at most 30 frames a second."""

    def __init__(self, out: "av.container.OutputContainer", poster: str) -> None:
        self.out, self.poster = out, poster
        self.stream: Any = None
        self.first: float | None = None
        self.last = -1.0
        self.graph: tuple[Any, Any] | None = None

    def size_of(self, frame: Any) -> tuple[int, int]:
        """What a frame becomes, in even numbers: the encoder takes no others."""
        wide, high = frame.width, frame.height
        if frame.rotation % 180:
            wide, high = high, wide
        scale = min(1.0, SHORT_EDGE / min(wide, high), 2 * SHORT_EDGE / max(wide, high))
        return max(2, round(wide * scale / 2) * 2), max(2, round(high * scale / 2) * 2)

    def turned(self, frame: Any) -> Any:
        """The frame upright and in its new size."""
        from av.filter import Graph

        seen = (frame.width, frame.height, frame.format.name, frame.rotation)
        if self.graph is None or self.graph[0] != seen:
            graph = Graph()
            nodes = [
                graph.add_buffer(
                    width=frame.width,
                    height=frame.height,
                    format=frame.format,
                    time_base=Fraction(1, TICKS),
                )
            ]
            for turn in {90: ["cclock"], 270: ["clock"], 180: ["clock", "clock"]}.get(
                frame.rotation % 360, []
            ):
                nodes.append(graph.add("transpose", turn))
            nodes.append(graph.add("scale", f"{self.stream.width}:{self.stream.height}:flags=bilinear"))
            nodes.append(graph.add("format", "yuv420p"))
            nodes.append(graph.add("buffersink"))
            graph.link_nodes(*nodes).configure()
            self.graph = (seen, graph)
        graph = self.graph[1]
        graph.push(frame)
        return graph.pull()

    def take(self, frame: Any) -> None:
        if frame.width * frame.height > MOST_PIXELS or max(frame.width, frame.height) > LONGEST_EDGE:
            refuse("pixels")
        at = frame.time
        if at is None:
            return
        if self.first is None:
            self.first = at
            self.stream = self.out.add_stream("libx264", rate=MOST_FRAMES_A_SECOND)
            self.stream.width, self.stream.height = self.size_of(frame)
            self.stream.pix_fmt = "yuv420p"
            self.stream.codec_context.time_base = Fraction(1, TICKS)
            self.stream.codec_context.thread_count = 2
            self.stream.options = {
                "preset": "veryfast", "profile": "main", "crf": "25", "maxrate": "2500k", "bufsize": "5000k",
                "g": "60", "rc-lookahead": "20",
            }  # fmt: skip
        at -= self.first
        if at > LONGEST_SECONDS + GRACE_SECONDS:
            refuse("too_long")
        if at - self.last < 0.9 / MOST_FRAMES_A_SECOND:
            return
        frame.pts, frame.time_base = round(at * TICKS), Fraction(1, TICKS)
        upright = self.turned(frame)
        upright.pts, upright.time_base = round(at * TICKS), Fraction(1, TICKS)
        upright.pict_type = 0  # the encoder decides, not what it was before
        if self.last < 0 or (self.last < 1 <= at):
            self.print(upright)
        self.last = at
        self.out.mux(self.stream.encode(upright))

    def print(self, frame: Any) -> None:
        """The still picture that stands for the video until somebody plays it."""
        image = frame.to_image()
        image.thumbnail((POSTER_EDGE, POSTER_EDGE))
        image.save(self.poster, "WEBP", quality=76, method=4)

    def finish(self) -> None:
        self.out.mux(self.stream.encode(None))


class Sound:
    """Its sound in AAC, from where the picture begins."""

    def __init__(self, out: "av.container.OutputContainer", channels: int) -> None:
        from av import AudioResampler

        layout = "mono" if channels == 1 else "stereo"
        self.out = out
        self.stream: Any = out.add_stream("aac", rate=SAMPLES, layout=layout)
        self.stream.bit_rate = 64_000 if channels == 1 else 112_000
        self.resampler = AudioResampler(format="fltp", layout=layout, rate=SAMPLES)
        self.samples = 0

    def take(self, frame: Any) -> None:
        for piece in self.resampler.resample(frame):
            if self.samples > (LONGEST_SECONDS + GRACE_SECONDS) * SAMPLES:
                return
            piece.pts, piece.time_base = self.samples, Fraction(1, SAMPLES)
            self.samples += piece.samples
            self.out.mux(self.stream.encode(piece))

    def finish(self) -> None:
        self.out.mux(self.stream.encode(None))


def press(kind: str, source: str, clip: str, poster: str) -> None:
    """Write the video anew: upright, H.264 and AAC, nothing of what else travelled in the file."""
    import av

    # `kind` keeps out formats that are lists of other files to open, and the whitelist what such a list would name.
    with av.open(
        source, format=kind, metadata_errors="ignore", options={"protocol_whitelist": "file"}
    ) as film:
        shown = [one for one in film.streams.video if one.codec_context is not None]
        heard = [one for one in film.streams.audio if one.codec_context is not None]
        if not shown:
            refuse("no_picture")
        video, audio = shown[0], heard[0] if heard else None
        if video.codec_context.codec.canonical_name not in PICTURES:
            refuse("unreadable")
        if video.width * video.height > MOST_PIXELS or max(video.width, video.height) > LONGEST_EDGE:
            refuse("pixels")
        says = _seconds(film, video)
        if says > LONGEST_SECONDS + GRACE_SECONDS:
            refuse("too_long")
        video.codec_context.thread_count = 2
        video.thread_type = "FRAME"
        if audio and audio.codec_context.codec.canonical_name not in SOUNDS:
            audio = None
        with av.open(
            clip, "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        ) as out:
            picture = Picture(out, poster)
            sound: Sound | None = None
            told = 0
            waiting: list[Any] = []
            for packet in film.demux([video, *([audio] if audio else [])]):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    continue
                for frame in frames:
                    if packet.stream is video:
                        picture.take(frame)
                        percent = int(100 * picture.last / says) if says else 0
                        if percent >= told + 5:
                            told = min(percent, 99)
                            say(percent=told)
                    elif len(waiting) < 4_000:
                        waiting.append(frame)
                # The file's header is written with the first packet, so that every stream must be known by then.
                if picture.first is not None and waiting:
                    sound = sound or Sound(out, audio.codec_context.channels if audio else 2)
                    for frame in waiting:
                        sound.take(frame)
                    waiting.clear()
            if picture.first is None:
                refuse("unreadable")
            if video.duration and says - picture.last > LOST_SECONDS:
                refuse("cut_short")
            picture.finish()
            if sound:
                sound.finish()
    say(width=picture.stream.width, height=picture.stream.height, seconds=max(1, round(picture.last)))


def _seconds(film: Any, video: Any) -> float:
    """How long the picture says it is; 0 when it does not say."""
    if video.duration and video.time_base:
        return float(video.duration * video.time_base)
    return film.duration / 1_000_000 if film.duration else 0.0


def main() -> None:
    """Press, answer; any fault of the decoder is an unreadable video."""
    cap()
    import av  # noqa: F401 - where it is missing, that is no fault of the video's

    try:
        press(*sys.argv[1:5])
    except MemoryError:
        refuse("too_much")
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        refuse("too_much" if "Cannot allocate" in str(error) else "unreadable")


if __name__ == "__main__":
    main()
