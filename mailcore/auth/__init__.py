"""Who someone is: passwords, sign-in with its throttle and bans, browser sessions. What they may do is their role's."""
