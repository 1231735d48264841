"""What practitioners earn."""

from gardenshop.models.base import Bp, Count, Fen, Model


class CommissionPolicy(Model):
    """What a sale earns the practitioner who caused it, by how she did, and what she may withdraw.

    Her own rate, where she has one, takes the place of these; none is above the cap.
    """

    share_bp: Bp = 500
    recipe_bp: Bp = 300
    certification_bp: Bp = 200
    cap_bp: Bp = 1000
    share_days: Count = 7
    withdraw_min_fen: Fen = 1000
