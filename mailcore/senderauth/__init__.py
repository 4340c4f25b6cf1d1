"""Who a message really comes from: SPF, DKIM, DMARC and ARC, each pure over a Resolver; they gather evidence and decide nothing."""
