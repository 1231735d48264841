"""The zip of a function or a layer: in the request as base64, or uploaded to the temporary bucket before."""

import base64
import binascii

from localcloud.cloudapi.cloud import Cloud
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters
from localcloud.deployed import BadPackage, Package

_MB = 1024 * 1024
IN_REQUEST = 20 * _MB
UPLOADED = 50 * _MB


class Code(Parameters):
    """Where the zip is. A bucket of the owner's own is not served here."""

    ZipFile: str | None = None
    TempCosObjectName: str | None = None
    CosBucketRegion: str | None = None


def package(cloud: Cloud, code: Code, *, refusal: str) -> Package:
    """Keep the zip that *code* names; ApiError with the code *refusal* when it is too large."""
    if code.ZipFile is not None:
        content, limit = _decoded(code.ZipFile), IN_REQUEST
    elif code.TempCosObjectName is not None:
        content, limit = _uploaded(cloud, code.TempCosObjectName), UPLOADED
    else:
        raise ApiError("MissingParameter.Code", "The request has neither ZipFile nor TempCosObjectName.")
    if len(content) > limit:
        raise ApiError(refusal, f"The zip is larger than {limit // _MB} MB.")
    try:
        return cloud.deployments.packages.keep(content)
    except BadPackage as error:
        raise ApiError("InvalidParameterValue.ZipFile", f"The zip cannot be used: {error}.") from error


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ApiError(
            "InvalidParameterValue.ZipFileBase64BinasciiError", f"ZipFile is not base64: {error}."
        ) from error


def _uploaded(cloud: Cloud, name: str) -> bytes:
    content = cloud.deployments.uploads.get(name.strip("/"))
    if content is None:
        raise ApiError("InvalidParameterValue.TempCosObjectName", f"No object was uploaded as {name}.")
    return content
