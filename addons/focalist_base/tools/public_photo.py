"""A photo that a stranger sends: an image, or nothing."""

import io
import warnings

from PIL import Image, ImageOps

# What phones send. Others need a decoder that is attacked more often than asked for.
FORMATS = ("JPEG", "PNG")
MAX_BYTES = 8 * 2**20
# A JPEG is decoded at the size that is needed; a PNG as it is, four bytes a pixel.
MAX_PIXELS = {"JPEG": 50_000_000, "PNG": 12_500_000}
# Enough to read a display from.
SIZE = (1920, 1920)


class PhotoError(ValueError):
    """What is wrong with a photo: `size` or `type`."""


def clean(content):
    """The photo, drawn anew: nothing but its pixels is kept, no place, no script.

    :param bytes content: what was sent
    :return: bytes of a JPEG
    :raise PhotoError: where it is too large, or no photo
    """
    if len(content) > MAX_BYTES:
        raise PhotoError("size")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS[image.format]:
                raise PhotoError("size")
            image.draft("RGB", SIZE)
            image = ImageOps.exif_transpose(image).convert("RGB")
    except PhotoError:
        raise
    except Exception as error:
        # A broken image breaks its decoder in any way, and none of it is a failure of
        # ours: that would undo the count of attempts.
        raise PhotoError("type") from error
    image.thumbnail(SIZE)
    # Drawn onto an empty image: Pillow would copy comments along.
    drawn = Image.new("RGB", image.size)
    drawn.paste(image)
    stream = io.BytesIO()
    drawn.save(stream, format="JPEG", quality=85)
    return stream.getvalue()
