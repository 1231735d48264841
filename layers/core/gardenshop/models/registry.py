"""Which model describes which collection, resolved only when asked for.

Importing this module imports no domain module: a function that needs one collection
must not pay for twenty-eight at its cold start.
"""

from importlib import import_module
from typing import cast

from gardenshop.models.base import Document

COLLECTIONS: dict[str, str] = {
    "users": "user:User",
    "user_profiles_extended": "user:UserProfile",
    "ingredients": "food:Ingredient",
    "recipes": "food:Recipe",
    "practitioners": "practitioner:Practitioner",
    "daily_stats": "garden:DailyStats",
    "products": "product:Product",
    "shopping_cart": "cart:Cart",
    "orders": "order:Order",
    "product_reviews": "product:Review",
    "inventory": "inventory:Inventory",
    "promotions": "promotion:Promotion",
    "coupons": "promotion:Coupon",
    "user_coupons": "promotion:UserCoupon",
    "data_dashboard": "dashboard:DashboardFigures",
    "business_rules": "rule:BusinessRule",
    "meals": "garden:Meal",
    "gardens": "garden:Garden",
    "plant_templates": "garden:PlantTemplate",
    "meat_products": "food:MeatProduct",
    "tcm_wisdom": "wisdom:Wisdom",
    "practitioner_certifications": "practitioner:Certification",
    "points_ledger": "points:PointsEntry",
    "commission_ledger": "practitioner:CommissionEntry",
    "stock_ledger": "inventory:StockEntry",
    "user_events": "event:UserEvent",
    "sync_tasks": "task:SyncTask",
    "audit_logs": "task:AuditLog",
}


def model_of(collection: str) -> type[Document]:
    """Return the model of *collection*.

    Raises:
        KeyError: no such collection is defined.
    """
    module, _, name = COLLECTIONS[collection].partition(":")
    return cast("type[Document]", getattr(import_module(f"gardenshop.models.{module}"), name))
