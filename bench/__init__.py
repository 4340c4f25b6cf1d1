"""Load measurements of Roost, side by side with Postfix and Dovecot where Debian's packages of them are installed."""
