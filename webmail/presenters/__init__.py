"""What the webmail's templates receive: plain frozen values, already worded, with nothing left to look up.

Decision: a template never sees a store row. Times come as text in the person's zone and language beside an ISO 8601 UTC
instant for `<time datetime>`; sizes come as text; colours are names. Filling these values is left to the views; wording of
fixed labels to the templates.
"""

from web.values import Choice as Choice
from web.values import Failure as Failure
from web.values import Toast as Toast
from webmail.presenters.forms import ComposeForm as ComposeForm
from webmail.presenters.forms import DisplayForm as DisplayForm
from webmail.presenters.forms import ProfileForm as ProfileForm
from webmail.presenters.forms import SignInForm as SignInForm
from webmail.presenters.forms import day_choices as day_choices
from webmail.presenters.lists import DayGroup as DayGroup
from webmail.presenters.lists import ListPage as ListPage
from webmail.presenters.lists import ListRow as ListRow
from webmail.presenters.lists import MailboxRow as MailboxRow
from webmail.presenters.lists import MergeOffer as MergeOffer
from webmail.presenters.lists import SearchChip as SearchChip
from webmail.presenters.lists import SearchQuery as SearchQuery
from webmail.presenters.reader import Arrival as Arrival
from webmail.presenters.reader import Attachment as Attachment
from webmail.presenters.reader import EnclosedPage as EnclosedPage
from webmail.presenters.reader import Guest as Guest
from webmail.presenters.reader import Invite as Invite
from webmail.presenters.reader import PdfPage as PdfPage
from webmail.presenters.reader import ReaderMessage as ReaderMessage
from webmail.presenters.reader import ReaderPage as ReaderPage
from webmail.presenters.reader import SourcePage as SourcePage
from webmail.presenters.reader import Trust as Trust
from webmail.presenters.sharing import HolderLine as HolderLine
from webmail.presenters.sharing import SharePage as SharePage
from webmail.presenters.shell import ACTS as ACTS
from webmail.presenters.shell import TINTS as TINTS
from webmail.presenters.shell import AccountLink as AccountLink
from webmail.presenters.shell import Label as Label
from webmail.presenters.shell import MailboxLink as MailboxLink
from webmail.presenters.shell import MailboxNav as MailboxNav
from webmail.presenters.shell import Person as Person
from webmail.presenters.shell import Quota as Quota
from webmail.presenters.shell import SharedGroup as SharedGroup
from webmail.presenters.shell import Shell as Shell
from webmail.presenters.shell import initials_of as initials_of
from webmail.presenters.shell import tint_of as tint_of
