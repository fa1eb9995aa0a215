"""Signed webhooks of shops: one product was made, changed or removed.

The signature stands for a key: it is checked over the body as it came, before anything of it is
read. A delivery is stored and answered at once; it takes effect in a moment, once.
"""

from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool

from catalog.errors import SourceError
from catalog.syncing.deliveries import receive
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.sources import now, source_status
from catalog.syncing.webhooks import is_ping, is_signed, parse_change
from search_app.documents import Text, WebhookDocument
from search_app.errors import NotReady, PageNotFound, SignatureWrong
from search_app.problems import ERRORS
from search_app.services import Services, UsedServices
from search_app.sync.run import secret_of

BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
Signature = Annotated[str, Header(description="base64 HMAC-SHA256 of the body", max_length=500)]
DeliveryId = Annotated[str, Header(max_length=500)]
Topic = Annotated[str, Header(max_length=500)]

router = APIRouter(prefix="/api/v1/webhooks", tags=["sources"], responses=ERRORS)


class _Sent(NamedTuple):
    """A webhook's request."""

    signature: str
    delivery_id: str
    topic: str
    body: bytes


@router.post(
    "/shopify/{source:path}", openapi_extra=BODY, summary="A product of a Shopify shop changed"
)
async def shopify(
    source: Text,
    request: Request,
    services: UsedServices,
    x_shopify_hmac_sha256: Signature = "",
    x_shopify_webhook_id: DeliveryId = "",
    x_shopify_topic: Topic = "",
) -> WebhookDocument:
    """Take over products/create, products/update and products/delete.

    A wrong signature is 401. A delivery that came before, by its id or its body, is answered 200
    `repeated` without effect: Shopify would remove the webhook after other answers.
    """
    sent = _Sent(x_shopify_hmac_sha256, x_shopify_webhook_id, x_shopify_topic, await request.body())
    return await run_in_threadpool(_received, services, SourceKind.SHOPIFY, source, sent)


@router.post(
    "/woocommerce/{source:path}",
    openapi_extra=BODY,
    summary="A product of a WooCommerce shop changed",
)
async def woocommerce(
    source: Text,
    request: Request,
    services: UsedServices,
    x_wc_webhook_signature: Signature = "",
    x_wc_webhook_delivery_id: DeliveryId = "",
    x_wc_webhook_topic: Topic = "",
) -> WebhookDocument:
    """Take over product.created, product.updated, product.restored and product.deleted.

    A wrong signature is 401, a delivery that came before 200 `repeated`. The unsigned ping that
    WooCommerce sends when a webhook is made is 200 `ignored`.
    """
    sent = _Sent(
        x_wc_webhook_signature, x_wc_webhook_delivery_id, x_wc_webhook_topic, await request.body()
    )
    return await run_in_threadpool(_received, services, SourceKind.WOOCOMMERCE, source, sent)


def _received(services: Services, kind: SourceKind, name: str, sent: _Sent) -> WebhookDocument:
    with services.open_collection.database.session() as session:
        source = source_status(session, name).source
    if source.kind is not kind or source.secret_variable is None:
        raise PageNotFound(
            f"source {name[:100]!r} takes no webhooks of {kind}; see `apparel sync add --help`"
        )
    if kind is SourceKind.WOOCOMMERCE and not sent.signature and is_ping(sent.body):
        return WebhookDocument(state="ignored")
    _check_signature(source, sent)
    if parse_change(kind, sent.topic, sent.body, now()) is None:
        return WebhookDocument(state="ignored")
    with services.open_collection.database.transaction() as session:
        is_new = receive(session, name, sent.delivery_id, sent.topic, sent.body)
    if is_new and services.sync is not None:
        services.sync.thread.wake()
    return WebhookDocument(state="accepted" if is_new else "repeated")


def _check_signature(source: SyncSource, sent: _Sent) -> None:
    try:
        secret = secret_of(source.secret_variable)
    except SourceError as error:
        # Not 401: the shop sends it again when the server has its secret.
        raise NotReady(f"the server has no secret for source {source.name!r}; set it") from error
    assert secret is not None
    if not is_signed(secret, sent.body, sent.signature):
        raise SignatureWrong("the signature is not that of this body; check the webhook's secret")
