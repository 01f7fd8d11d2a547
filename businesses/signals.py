"""What the neighbours above must hear of; workspaces know nobody who keeps conversations, widgets or reports."""

from django.dispatch import Signal

# Sent inside the transaction that deletes a membership or switches it off, before anything there locks the business.
# Arguments: business_id: UUID, user: User (who was removed), actor: User.
member_removed = Signal()
# Sent inside the transaction that deletes a team, before it does. Arguments: team: Team, actor: User.
team_deleted = Signal()
# Sent before a workspace's row goes, outside of any transaction: what there may be much of is deleted in batches then.
# Arguments: business_id: UUID.
business_ends = Signal()
