"""Parts asked for and quoted live: one request, many shops, one winner for each line.

A *parts order* says what a buyer needs, for which car and where to, without a price. The buyer is a driver, or a
workshop for one of its jobs. Shops that are asked hold a *shop quote*; what they offer stands in its lines, and each
*revision* is kept. What is accepted of one shop is a *purchase*: paid on that shop's account, sent, handed over. No
line of an order is ever bought twice.
"""
