"""PostgreSQL and Valkey from their wheels, and the supervisor that keeps them and the application running.

Only `bin/run` and the tests come here. Where DATABASE_URL or REDIS_URL is set, that part stays out.
"""
