"""State of the server, errors, and the interface of Apparel_Extraction."""

from typing import Literal

from pydantic import BaseModel, Field


class ReadyDocument(BaseModel):
    """State of a ready server; `searchable` counts garments by class."""

    status: Literal["ready"]
    model: str
    products: int
    searchable: dict[str, int]
    waiting: int = Field(description="requests waiting for the models or running")
    importing: bool
    writable: bool = Field(description="false if the disk is full or read-only")


class ErrorBody(BaseModel):
    """An error: `code` is stable for programs, `message` is one line for people."""

    code: str
    message: str


class ErrorDocument(BaseModel):
    """The body of every error."""

    error: ErrorBody


class CompatibleRequest(BaseModel):
    """Body of `POST /api`: the photo in base64, or as a data: URL."""

    img_string: str


class CompatibleAnswer(BaseModel):
    """Answer of `POST /api`: base64 PNG, 512 x 512, grey value = class x 85."""

    mask_string: str
