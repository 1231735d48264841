"""A ready environment in one call: the collections as defined, with the sample documents in them."""

from collections import Counter

from dataio import definitions, documents, sample, tables
from dataio.cloudapi import Access, CloudApi
from gardenshop.cloud.clock import day_of, now_ms


class SeedError(Exception):
    """The sample could not be stored completely; the message names the first document and why."""


def seed(access: Access, *, phone_hash_key: str) -> Counter[str]:
    """Apply the collections and load the sample; doing it again changes nothing.

    Returns how many documents were created, refreshed, unchanged and kept.

    Raises:
        SeedError: a document is invalid or was refused.
        dataio.cloudapi.CloudError: the cloud refused a call.
    """
    cloud = CloudApi(access)
    for _ in tables.apply(cloud, tables.plan(cloud, definitions.load()).changes):
        pass
    found = sample.read(phone_hash_key=phone_hash_key, today=day_of(now_ms()))
    for place, reason in found.invalid:
        raise SeedError(f"{place}: {reason}")
    fates: Counter[str] = Counter()
    for written in documents.store(cloud, found.records):
        if written.fate == "refused":
            raise SeedError(f"{written.record.collection} {written.record.key}: {written.reason}")
        fates[written.fate] += 1
    return fates
