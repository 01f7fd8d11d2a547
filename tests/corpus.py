"""Files as they come, made in code: good ones of every kind, and those of attacks.md 2.8."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + b"\0" * 400
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\0" * 200
OGG = b"OggS\x00\x02" + b"\0" * 200


def picture(
    format: str = "PNG", size: tuple[int, int] = (40, 30), colour: Any = (200, 30, 30), **options: Any
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format, **options)
    return out.getvalue()


def photo_with_a_place() -> bytes:
    """A JPEG that says where it was taken, which way is up, and a word of its maker."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return picture("JPEG", exif=exif, comment=b"SecretComment")


def moving(format: str = "GIF", frames: int = 4, size: tuple[int, int] = (20, 10)) -> bytes:
    drawn = [Image.new("RGB", size, (40 * number % 256, 80, 255 - 40 * number % 256)) for number in range(frames)]
    out = io.BytesIO()
    drawn[0].save(out, format, save_all=True, append_images=drawn[1:], duration=80, loop=0)
    return out.getvalue()


def endless_gif(frames: int = 10_000) -> bytes:
    """Frames of one pixel, as many as one likes."""
    head = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return head + frame * frames + b";"


def huge_png(side: int = 50_000) -> bytes:
    """Announces more pixels than any machine holds, in a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def archive(*names: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in names:
            zipped.writestr(name, content)
    return out.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
MACRO = archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")


def bomb() -> bytes:
    """A document whose parts say that they unpack to more than a gigabyte."""
    real = bytearray(DOCX)
    at = real.index(b"PK\x01\x02")
    real[at + 24 : at + 28] = struct.pack("<I", 0xF0000000)
    return bytes(real)


def many_parts() -> bytes:
    """A zip that lists more parts than any document has."""
    return archive("[Content_Types].xml", "word/document.xml", *(f"p{number}" for number in range(6_000)), content=b"")


# name of the case, name of the file, content, status of the answer
FILES: list[tuple[str, str, bytes, int]] = [
    ("a png", "a.png", picture(), 201),
    ("a jpeg", "a.jpg", picture("JPEG"), 201),
    ("a jpeg by its long name", "a.JPEG", picture("JPEG"), 201),
    ("a gif", "a.gif", picture("GIF"), 201),
    ("a moving gif", "a.gif", moving(), 201),
    ("a webp", "a.webp", picture("WEBP"), 201),
    ("a moving webp", "a.webp", moving("WEBP"), 201),
    ("a pdf, with a script", "a.pdf", PDF, 201),
    ("text", "a.txt", "Grüße\r\n".encode(), 201),
    ("text of an old Windows", "a.txt", "Grüße\r\n".encode("cp1252"), 201),
    ("text in UTF-16", "a.txt", "Grüße".encode("utf-16"), 201),
    ("a csv with a formula", "a.csv", b"=1+1;b\n", 201),
    ("a docx", "a.docx", DOCX, 201),
    ("an xlsx", "a.xlsx", XLSX, 201),
    ("an mp3", "a.mp3", MP3, 201),
    ("an mp3 without a tag", "a.mp3", b"\xff\xfb\x90\x00" * 50, 201),
    ("an mp4", "a.mp4", MP4, 201),
    ("an ogg", "a.ogg", OGG, 201),
    ("html that says it is text", "a.txt", HTML, 201),
    ("html", "a.html", HTML, 415),
    ("xhtml", "a.xhtml", HTML, 415),
    ("svg", "a.svg", SVG, 415),
    ("xml", "a.xml", b"<?xml version='1.0'?><a/>", 415),
    ("a script", "a.js", b"alert(1)", 415),
    ("a program", "a.exe", b"MZ" + b"\0" * 100, 415),
    ("a zip", "a.zip", archive("a"), 415),
    ("a heic", "a.heic", b"\0\0\0\x18ftypheic" + b"\0" * 100, 415),
    ("no extension", "a", picture(), 415),
    ("html that says it is a picture", "a.png", HTML, 415),
    ("svg that says it is a picture", "a.png", SVG, 415),
    ("html that says it is a pdf", "a.pdf", HTML, 415),
    ("a jpeg that says it is a png", "a.png", picture("JPEG"), 415),
    ("a png that says it is a pdf", "a.pdf", picture(), 415),
    ("a program that says it is text", "a.txt", b"MZ\x90\0\x03", 415),
    ("a program that says it is an mp3", "a.mp3", b"MZ" + b"\0" * 100, 415),
    ("a double extension, the last one bad", "a.pdf.exe", PDF, 415),
    ("a double extension, the last one good", "a.php.png", picture(), 201),
    ("gif and script in one", "a.gif", picture("GIF") + b"/*" + HTML + b"*/", 201),
    ("jpeg and html in one", "a.jpg", picture("JPEG") + HTML, 201),
    ("png and zip in one", "a.png", picture() + archive("a"), 201),
    ("png and zip in one, as a document", "a.docx", picture() + DOCX, 415),
    ("a zip that is no document", "a.docx", archive("a.txt"), 415),
    ("a sheet that says it is a document", "a.docx", XLSX, 415),
    (
        "a document with a program",
        "a.docx",
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        415,
    ),
    ("a zip bomb", "a.docx", bomb(), 415),
    ("a zip of too many parts", "a.docx", many_parts(), 415),
    ("a zip cut off", "a.docx", DOCX[:-30], 415),
    ("empty", "a.png", b"", 422),
    ("a huge png", "a.png", huge_png(), 422),
    ("a png a bit too large", "a.png", huge_png(6_400), 422),
    ("a gif of ten thousand frames", "a.gif", endless_gif(), 422),
    ("a jpeg cut off", "a.jpg", picture("JPEG", (400, 300))[:-200], 422),
    ("only the head of a png", "a.png", picture()[:20], 422),
    ("only the name of a webp", "a.webp", b"RIFF\x10\0\0\0WEBPVP8 ", 422),
    (".htaccess", ".htaccess", b"AddType text/html .png", 415),
    ("a leading dot", ".a.png", picture(), 201),
    ("a trailing dot", "a.png.", picture(), 201),
    ("a trailing space", "a.png ", picture(), 201),
    ("path parts", "../../../etc/a.png", picture(), 201),
    ("an absolute path", "C:\\Windows\\a.png", picture(), 201),
    ("a NUL in the name", "a.png\0.exe", picture(), 415),
    ("invisible and turning characters", "a\u200b\u202egnp.exe.png", picture(), 201),
    ("a name of 300 characters", "n" * 296 + ".png", picture(), 201),
    ("a name like a tag", '<img src=x onerror="alert(1)">.png', picture(), 201),
    ("only dots", "...", picture(), 415),
]
