"""The key file of a made-up service account, as the Google Cloud console hands one out."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ROBOT = "robot@office.iam.gserviceaccount.com"


def key_file(address: str) -> dict[str, str]:
    """Return the contents of a fresh key file.

    Args:
        address: of the emulator, where the account signs in.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return {
        "type": "service_account",
        "project_id": "office",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": ROBOT,
        "token_uri": f"{address}/token",
    }
