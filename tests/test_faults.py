"""The fault matrix: every fault and bad input that a user may meet, with the tests that hold what is promised of it.

A worker is killed; in its start too (workers are threads here: none is a process but an executor's)
    test_executors::test_an_executor_that_lost_a_process_is_given_up_and_what_was_trained_is_kept
    test_pools::test_processes_give_the_same_and_a_call_that_kills_them_is_the_one_row_that_fails; of Dask's,
    test_clusters::test_a_worker_killed_in_mid_run_costs_what_it_held
    test_clusters::test_a_run_whose_workers_all_died_waits_a_while_and_ends_with_what_is_stored
The main process is killed at any moment; with workers running; while it starts
    test_faults_kills::test_killed_at_random_moments_again_and_again_nothing_is_lost_or_doubled
    test_faults_kills::test_killed_at_any_touch_of_its_files_it_goes_on
    test_faults_signals::test_of_a_killed_command_no_process_lives_on_and_no_pipe_stays_open
    test_pools::test_no_worker_outlives_a_main_process_that_is_killed
A journal is torn at any byte; a line of it is damaged or stands twice
    test_faults_journal::test_torn_in_any_byte_of_its_last_three_records_a_journal_keeps_all_that_is_whole
    test_faults_journal::test_a_search_whose_journal_was_torn_ends_as_if_it_had_not_been
    test_records::test_a_damaged_line_is_named_and_nothing_is_touched
    test_records::test_whatever_line_is_lost_all_other_trials_keep_their_numbers_and_values
    test_records::test_a_line_of_a_trial_that_stands_twice_is_named_and_the_trial_counted_once
The disk is full, the folder read-only, at any file that is written
    test_faults_disk::test_on_a_full_disk_a_command_says_so_and_what_was_stored_stays
    test_faults_disk::test_on_a_disk_that_fills_in_mid_write_no_half_file_stays
    test_faults_disk::test_where_nothing_may_be_written_a_command_says_so_and_all_is_read
    test_files::test_where_no_file_can_be_the_path_the_cause_and_the_cure_are_told
    test_streams::test_a_search_on_a_full_disk_does_its_work_and_says_what_failed
A storage goes away and comes back; connections are ended; an answer is lost; two searches are on one storage
    test_postgres::test_a_server_that_is_away_for_ten_seconds_is_waited_for
    test_postgres::test_a_server_that_does_not_come_back_is_an_error_that_says_so
    test_postgres::test_connections_that_are_ended_again_and_again_cost_nothing
    test_database::test_a_batch_whose_answer_was_lost_is_not_stored_twice
    test_claims::test_two_searches_of_one_storage_never_store_more_than_was_asked_for
    test_claims::test_a_run_that_was_taken_for_dead_writes_nothing_more
    test_study::test_two_searches_of_one_study_at_once_are_refused
A search is resumed: with other settings, data or engine; with any sampler and pruner, at any trial
    test_study::test_a_changed_study_is_refused_with_the_difference
    test_study::test_changed_data_is_refused_though_the_config_is_the_same
    test_study::test_a_study_begun_with_another_engine_is_refused_and_stays_readable
    test_search::test_a_search_stopped_after_any_trial_of_a_generation_goes_on_as_if_it_had_not_been
    test_search::test_a_search_stopped_after_any_trial_goes_on_as_if_it_had_not_been
A study's file is wrong: any byte, key, value or range
    test_faults_inputs::test_every_study_with_one_setting_wrong_is_refused
    test_config::test_a_mistake_is_told_with_its_key_the_value_and_what_to_do
    test_config::test_any_byte_changed_gives_a_study_or_a_config_error
    test_cli::test_a_mistake_is_refused_before_anything_runs
Data are wrong: values, shapes, classes, sizes, kinds of file
    test_faults_inputs::test_every_wrong_table_is_refused
    test_faults_inputs::test_what_is_no_file_is_refused_and_nothing_waits_for_it
    test_checks::test_unusable_columns_are_refused_by_name
    test_dataset::test_wrong_arrays_are_refused_with_both_shapes
    test_targets::test_a_hundred_thousand_labels_are_refused_with_an_estimate
A batch has n − 1, n or n + 1 examples
    test_training::test_batches_of_one_of_all_but_one_and_of_all_examples_train
    test_training::test_a_batch_that_does_not_fit_the_training_set_is_refused
A training diverges beside others; the same seed is in many workers
    test_training::test_a_training_beside_others_on_threads_equals_the_same_alone_bit_for_bit
    test_training::test_a_training_that_diverges_ends_there_and_holds_the_ceiling
    test_study::test_two_workers_give_the_same_tables_as_one
Names and texts hold markup, HTML, control characters, `../`, any script
    test_hostile::test_a_search_a_survey_and_a_new_study_print_names_as_they_are
    test_hostile::test_the_dashboard_s_note_shows_texts_as_text
    test_files::test_a_name_that_is_no_plain_one_stays_in_its_folder_and_meets_no_other
    test_config::test_names_of_any_script_are_kept
A network's file comes from a stranger: objects, huge headers, bombs, wrong shapes
    test_archive::test_zeros_without_end_are_not_unpacked
    test_archive::test_a_header_is_not_believed_beyond_the_bytes_there_are
    test_archive::test_a_damaged_file_is_refused_wherever_it_is_damaged
SIGINT comes once and twice; SIGTERM, SIGHUP; in mid-write
    test_signals::test_a_signal_waits_until_the_end_and_is_then_heeded
    test_storage::test_a_writer_that_is_stopped_while_it_writes_stores_each_trial_once
    test_cli::test_a_signal_whose_exception_was_swallowed_is_remembered_and_the_handlers_come_back
    test_cli::test_a_stopped_search_keeps_its_trials_and_goes_on
    test_faults_signals::test_a_signal_in_mid_write_waits_until_the_trial_is_stored
    test_faults_signals::test_a_terminal_that_goes_away_ends_a_search_in_order
A storage has the schema of another version of Optuna
    test_faults::test_a_schema_of_another_version_is_refused_with_both_versions_and_left_as_it_is
A request to the dashboard has a foreign Host or Origin
    test_requests::test_another_host_is_refused
    test_requests::test_a_page_of_another_origin_is_refused_whatever_it_asks
A network, a table or a survey is larger than memory
    test_memory::test_a_network_larger_than_memory_is_refused_before_anything_is_made
    test_memory::test_a_table_that_is_larger_than_memory_is_refused_before_it_is_read
Output is not UTF-8, on no terminal, in a closed pipe, on any width
    test_streams::test_no_command_ends_in_an_encoding_error
    test_streams::test_where_no_stream_can_be_written_a_search_stores_its_trials
    test_faults_signals::test_without_a_terminal_and_with_its_pipes_closed_a_search_stores_its_trials
    test_faults_signals::test_on_a_terminal_of_any_width_a_search_shows_its_best
A caller's process: its children, BLAS threads, signal handlers, random state
    test_callers::test_a_caller_s_process_is_as_before
    test_executors::test_nothing_of_the_caller_s_is_ended_with_a_search
"""

import re
import sqlite3
from pathlib import Path

import pytest
from helpers import study_in

from hpsearch.storage.access import existing_storage, open_storage
from hpsearch.storage.journal import StorageError


def test_every_test_that_the_matrix_names_is_there():
    named = re.findall(r"(test_\w+)::(test_\w+)", __doc__)
    assert len(named) > 50
    for file, name in named:
        assert f"def {name}(" in (Path(__file__).with_name(f"{file}.py")).read_text(encoding="utf-8"), (file, name)


@pytest.mark.parametrize(("schema", "revision", "version"), [(99, "v99.0.0.a", "99.1.2"), (12, "v2.4.0.a", "2.4.0")])
@pytest.mark.parametrize("opened", [open_storage, existing_storage])
def test_a_schema_of_another_version_is_refused_with_both_versions_and_left_as_it_is(
    tmp_path, opened, schema, revision, version
):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    study_in(open_storage(url))
    database = sqlite3.connect(tmp_path / "x.db")
    with database:
        database.execute("update version_info set schema_version = ?, library_version = ?", (schema, version))
        database.execute("update alembic_version set version_num = ?", (revision,))
    before = (tmp_path / "x.db").read_bytes()
    with pytest.raises(StorageError, match=rf"optuna version 5\.\S+ .* \(set up by optuna {re.escape(version)}\)"):
        opened(url)
    database.close()
    assert (tmp_path / "x.db").read_bytes() == before
