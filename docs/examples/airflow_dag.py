"""Airflow: a run each hour, then a seventh of the lake read back each night.

One run covers all that was missed, so there is no catching up, and never two runs at once. Written for Airflow 2.8;
Airflow 3 has BashOperator in airflow.providers.standard.operators.bash.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

LAKE = "/srv/lake"
RUN = f"binance-backfill run /etc/binance-backfill/majors.yaml --data-dir {LAKE} --log-format json --no-progress --max-wait 600"
VERIFY = f"binance-backfill verify --data-dir {LAKE} --quiet --subset $(date +%u)/7"

with DAG(
    dag_id="binance_backfill",
    start_date=datetime(2024, 1, 1),
    schedule="17 * * * *",
    catchup=False,
    max_active_runs=1,
) as backfill:
    BashOperator(
        task_id="run",
        bash_command=RUN,
        # Another run holds the lake: skipped, not failed.
        skip_on_exit_code=6,
        # 3 and 5 mend themselves; an hour is soon enough.
        retries=0,
        execution_timeout=timedelta(hours=12),
    )

with DAG(
    dag_id="binance_backfill_verify",
    start_date=datetime(2024, 1, 1),
    schedule="40 3 * * *",
    catchup=False,
    max_active_runs=1,
) as verify:
    BashOperator(task_id="verify", bash_command=VERIFY)
