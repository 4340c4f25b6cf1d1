"""A backup as hMailServer writes it: UTF-16, line ends in attributes, messages beside it."""

import hashlib
from pathlib import Path

SALTED = "s4ltyX" + hashlib.sha256(b"s4ltyXold secret 1").hexdigest()
MAIL = b"From: bob@out.test\r\nTo: ann@old.test\r\nSubject: %s\r\nDate: Tue, 3 Nov 2020 10:00:00 +0000\r\n\r\nbody\r\n"

XML = f"""<Backup><BackupInformation Mode="7" Version="5.6.8"><DataFiles Format="Raw" FolderName="DataBackup" Size="3"/></BackupInformation>
<Domains><Domain Name="old.test" Postmaster="ann@old.test" Active="1" MaxMessageSize="10240" MaxSize="0" MaxAccountSize="0" UsePlusAddressing="1" PlusAddressingChar="+"
 AntiSpamOptions="1" EnableSignature="1" SignatureMethod="3" SignaturePlainText="Old Ltd&#38;Co
Main Street" SignatureHTML="" AddSignaturesToLocalMail="1" AddSignaturesToReplies="0" MaxNoOfAccounts="20" MaxNoOfAliases="0" MaxNoOfLists="0" LimitationsEnabled="1">
<DomainAliases><DomainAlias Name="old2.test"/></DomainAliases>
<Accounts><Account Name="ann@old.test" PersonFirstName="Ann" PersonLastName="Old" Active="1" Password="{SALTED}" PasswordEncryption="3" MaxAccountSize="100" ADActive="0"
 VacationMessageOn="1" VacationMessage="I am away.
Back on Monday." VacationSubject="Away" VacationExpires="0" AdminLevel="1" ForwardEnabled="1" ForwardAddress="ann@elsewhere.test" ForwardKeepOriginal="1"
 EnableSignature="1" SignaturePlainText="Ann" SignatureHTML="">
<Rules><Rule Name="Invoices" Active="1" UseAND="1" SortOrder="1"><RuleCriterias><Criteria MatchString="invoice" FieldType="4" MatchType="2" HeaderField="" UsePredefinedField="1"/></RuleCriterias>
<RuleActions><Action Type="4" IMAPFolder="Bills.2026" SortOrder="1"/><Action Type="6" SortOrder="2"/></RuleActions></Rule>
<Rule Name="Script" Active="1" UseAND="1" SortOrder="2"><RuleCriterias><Criteria MatchString="x" FieldType="1" MatchType="1" UsePredefinedField="1"/></RuleCriterias>
<RuleActions><Action Type="5" ScriptFunction="DoIt" SortOrder="1"/></RuleActions></Rule></Rules>
<Folders><Folder Name="INBOX" Subscribed="1"><Messages>
<Message CreateTime="2020-11-03 10:00:01" Filename="{{AB000000-0000-0000-0000-000000000001}}.eml" Flags="1" UID="1"/>
<Message CreateTime="2020-11-03 10:00:02" Filename="{{CD000000-0000-0000-0000-000000000002}}.eml" Flags="4" UID="2"/>
<Message CreateTime="2020-11-03 10:00:03" Filename="{{EF000000-0000-0000-0000-000000000003}}.eml" Flags="0" UID="3"/></Messages></Folder>
<Folder Name="Gesendete Elemente" Subscribed="1"><Messages><Message CreateTime="2020-11-03 11:00:00" Filename="{{AB000000-0000-0000-0000-000000000004}}.eml" Flags="1" UID="1"/></Messages></Folder>
<Folder Name="Bills" Subscribed="1"><Folders><Folder Name="M&#38;APw-nchen" Subscribed="1"/></Folders></Folder></Folders></Account>
<Account Name="bob@old.test" Active="0" Password="" PasswordEncryption="0" AdminLevel="0"/></Accounts>
<Aliases><Alias Name="info@old.test" Value="ann@old.test" Active="1"/><Alias Name="ann@old.test" Value="bob@old.test" Active="1"/></Aliases>
<DistributionLists><DistributionList Name="all@old.test" Active="1" RequiresAuth="1" RequiresAuthAddress="" ListMode="1"><Recipients><Recipient Name="ann@old.test"/>
<Recipient Name="out@elsewhere.test"/></Recipients></DistributionList></DistributionLists></Domain></Domains>
<Configuration><Properties><hostname LongValue="0" StringValue="mx.old.test"/><maxmessagesize LongValue="20480" StringValue=""/><autobanminutes LongValue="45" StringValue=""/>
<usespf LongValue="1" StringValue=""/><usespfscore LongValue="4" StringValue=""/><usescriptserver LongValue="1" StringValue=""/></Properties>
<SecurityRanges><SecurityRange Name="Office" LowerIP="192.168.1.0" UpperIP="192.168.1.255" Priority="20" Options="4043" Expires="0"/>
<SecurityRange Name="Open" LowerIP="93.184.216.0" UpperIP="93.184.216.255" Priority="20" Options="1995" Expires="0"/>
<SecurityRange Name="Auto-ban: x" LowerIP="203.0.113.9" UpperIP="203.0.113.9" Priority="100" Options="0" Expires="1" ExpiresTime="2099-01-01 00:00:00"/></SecurityRanges>
<Routes><Route Name="partner.test" TargetHost="mail.partner.test" TargetPort="2525" NumberOfTries="4" MinutesBetweenTry="60" ToAllAddresses="0" RequiresAuthentication="1" Username="u"
 Password="b3813e3c08eb14d5b54084c9e4d33189" ConnectionSecurity="3"><RouteAddresses><RouteAddress Name="ceo@partner.test"/></RouteAddresses></Route></Routes>
<BlockedAttachments><BlockedAttachment Name="*.exe" Description=""/><BlockedAttachment Name="*.scr" Description=""/></BlockedAttachments>
<ServerMessages><ServerMessage Name="MESSAGE_UNDELIVERABLE" Text="Undeliverable"/></ServerMessages>
<Groups><Group Name="Sales Team"><GroupMembers><Member Name="ann@old.test"/></GroupMembers></Group></Groups>
<DNSBlackLists><DNSBlackList Name="bl.test" Active="1" RejectMessage="no" ExpectedResult="127.0.0.2" Score="3"/></DNSBlackLists></Configuration>
<PublicFolders><Folder Name="News" Subscribed="1"><Messages><Message CreateTime="2020-11-03 10:00:01" Filename="{{AA000000-0000-0000-0000-000000000005}}.eml" Flags="1" UID="1"/></Messages>
<ACLs><Permission Type="1" Rights="3" Holder="Sales Team"/><Permission Type="2" Rights="1" Holder="Anyone"/></ACLs></Folder></PublicFolders></Backup>"""


def write(folder: Path) -> Path:
    """Make the backup in *folder*; the folder."""
    folder.mkdir(parents=True)
    (folder / "hMailServerBackup.xml").write_bytes(('<?xml version="1.0" encoding="UTF-16"?>' + XML.replace("\n", "\r\n")).encode("utf-16"))
    data = folder / "DataBackup"
    for place, name, subject in (
        ("old.test/ann/AB", "{AB000000-0000-0000-0000-000000000001}.eml", b"one"), ("old.test/ann/CD", "{CD000000-0000-0000-0000-000000000002}.eml", b"two"),
        ("old.test/ann/AB", "{AB000000-0000-0000-0000-000000000004}.eml", b"sent"), ("#Public/AA", "{AA000000-0000-0000-0000-000000000005}.eml", b"news"),
    ):  # fmt: skip
        (data / place).mkdir(parents=True, exist_ok=True)
        (data / place / name).write_bytes(MAIL % subject)
    return folder
