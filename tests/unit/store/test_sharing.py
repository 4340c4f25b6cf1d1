"""What an account meets of others' mailboxes, on both databases: by itself, by its groups, by everyone's rows, summed up and never more."""

from mailcore.store import Store, accounts, groups, mailboxes, sharing

NOW = 1_700_000_000_000_000


def test_rights_of_a_person_their_groups_and_everyone_add_up(store: Store) -> None:
    def begin(tx):
        here, there = accounts.add_domain(tx, "share.test", NOW), accounts.add_domain(tx, "far-share.test", NOW)
        owner, reader = accounts.add_account(tx, here, "owner@share.test", NOW), accounts.add_account(tx, here, "reader@share.test", NOW)
        outsider = accounts.add_account(tx, there, "out@far-share.test", NOW)
        for one in (owner, reader, outsider):
            mailboxes.create_standard(tx, one, actor="t", now=NOW)
        team = groups.add(tx, here, "team@share.test", "Team", NOW)
        groups.join(tx, team, reader)
        inbox = mailboxes.by_name(tx, owner, "INBOX")
        plans = mailboxes.create(tx, owner, "Plans", actor="t", now=NOW)
        secret = mailboxes.create(tx, owner, "Secret", actor="t", now=NOW)
        sharing.set_rights(tx, inbox, "user", reader, "lr", actor="t", now=NOW)
        sharing.set_rights(tx, inbox, "group", team, "sw", actor="t", now=NOW)
        sharing.set_rights(tx, plans, "anyone", 0, "lr", actor="t", now=NOW)
        sharing.set_rights(tx, secret, "user", outsider, "lr", actor="t", now=NOW)
        return owner, reader, outsider, inbox.id, plans.id, secret.id

    owner, reader, outsider, inbox, plans, secret = store.write(begin)
    tx = store.read()
    who = {number: accounts.account(tx, number) for number in (owner, reader, outsider)}
    found = {place.box.id: place for place in sharing.places(tx, who[reader])}
    assert found.keys() == {inbox, plans} and set(found[inbox].rights) == set("lrsw") and found[plans].rights == "lr"
    assert found[inbox].own_role == "inbox" and found[inbox].box.role == "" and found[inbox].owner == "owner@share.test" and found[inbox].box.name == "Other Users/owner@share.test/INBOX"
    assert sharing.ordered(sharing.rights(tx, who[reader], inbox)) == found[inbox].rights, "one box and all of them say the same"
    assert [place.box.id for place in sharing.places(tx, who[outsider])] == [secret], "everyone is everyone of the owner's domain"
    assert sharing.place(tx, who[outsider], plans) is None and sharing.place(tx, who[reader], secret) is None
    assert sharing.place(tx, who[owner], secret).may(sharing.ALL) and sharing.places(tx, who[owner]) == []
    store.write(lambda tx: sharing.set_rights(tx, mailboxes.get(tx, inbox), "user", reader, "", actor="t", now=NOW))
    assert set(sharing.place(store.read(), who[reader], inbox).rights) == set("sw"), "what the group may stays"
