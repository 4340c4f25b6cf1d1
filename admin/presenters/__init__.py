"""What the admin's and the wizard's templates receive: plain frozen values, worded, with nothing left to look up.

Decision: apart from the webmail's, because neither package imports the other; what both need stands in `web.values`. Counts are whole numbers,
written by the templates with the language's grouping; times are text in the admin's zone beside ISO 8601 UTC; sizes are
text. Filling them is left to the views.
"""

from admin.presenters.flow import Attempt as Attempt
from admin.presenters.flow import QueueItemPage as QueueItemPage
from admin.presenters.flow import QueueRow as QueueRow
from admin.presenters.flow import TimelineEvent as TimelineEvent
from admin.presenters.flow import TracePage as TracePage
from admin.presenters.flow import TraceRow as TraceRow
from admin.presenters.people import AccountPage as AccountPage
from admin.presenters.people import AccountRow as AccountRow
from admin.presenters.people import AliasPage as AliasPage
from admin.presenters.people import AliasRow as AliasRow
from admin.presenters.people import DnsRecord as DnsRecord
from admin.presenters.people import DomainLimits as DomainLimits
from admin.presenters.people import DomainPage as DomainPage
from admin.presenters.people import DomainRow as DomainRow
from admin.presenters.server import AuditRow as AuditRow
from admin.presenters.server import ProgramSetting as ProgramSetting
from admin.presenters.server import SessionRow as SessionRow
from admin.presenters.server import SettingGroup as SettingGroup
from admin.presenters.server import SettingRow as SettingRow
from admin.presenters.server import SetupDone as SetupDone
from admin.presenters.server import SetupForm as SetupForm
from admin.presenters.shell import AdminShell as AdminShell
from admin.presenters.shell import NeedsDoing as NeedsDoing
from admin.presenters.shell import Paging as Paging
from web.values import Choice as Choice
from web.values import Failure as Failure
from web.values import Toast as Toast
