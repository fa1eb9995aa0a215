"""POST /api, compatible with Apparel_Extraction, so that its clients go on working.

{"img_string": base64 photo} -> {"mask_string": base64 PNG, 512 x 512, class x 85}
"""

import base64
import binascii
import re
from typing import Final

from fastapi import APIRouter, Depends

from search_app.api.masks import mask_png
from search_app.documents import CompatibleAnswer, CompatibleRequest
from search_app.errors import UploadRefused
from search_app.problems import ERRORS
from search_app.search.query_photo import embedder_of
from search_app.search.uploads import check_size
from search_app.security.keys import Scope, needs
from search_app.services import UsedServices
from segmentation.photos import decode_photo

MASK_SIDE: Final = 512
GREY_STEP: Final = 85

_DATA_URL: Final = re.compile(r"^\s*data:[^,]{0,200},")
_URL_SAFE: Final = str.maketrans("-_", "+/")

router = APIRouter(tags=["compatible"], dependencies=[Depends(needs(Scope.READ))], responses=ERRORS)


@router.post("/api", summary="Class mask, as Apparel_Extraction answers it")
async def mask(body: CompatibleRequest, services: UsedServices) -> CompatibleAnswer:
    """Segment the photo: 0 background, 85 upper, 170 whole, 255 lower."""
    embedder = embedder_of(services.open_collection)

    def segment() -> bytes:
        data = decode_base64(body.img_string)
        check_size(data, services.settings.max_upload_bytes)
        embedded = embedder.embed([decode_photo(data).photo])[0]
        return mask_png(embedded.mask, (MASK_SIDE, MASK_SIDE), GREY_STEP)

    png = await services.line.run(segment)
    return CompatibleAnswer(mask_string=base64.b64encode(png).decode())


def decode_base64(text: str) -> bytes:
    """Decode base64, also of a data: URL, in lines, URL-safe or unpadded. Raises UploadRefused."""
    bare = "".join(_DATA_URL.sub("", text, count=1).split()).translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadRefused(
            "not_base64", "img_string is not base64; send the photo's bytes in base64"
        ) from error
