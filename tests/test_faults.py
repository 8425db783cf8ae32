"""The fault matrix: every fault and bad input that a user may meet, with the tests that hold what is promised of each.

A worker is killed, out of memory too: what it held is done again, with a message
    test_executors::test_an_executor_that_lost_a_process_is_given_up_and_what_was_trained_is_kept
    test_pools::test_processes_give_the_same_and_a_call_that_kills_them_is_the_one_row_that_fails
    test_clusters::test_a_worker_killed_in_mid_run_costs_what_it_held
    test_clusters::test_a_run_whose_workers_all_died_waits_a_while_and_ends_with_what_is_stored
    test_clusters::test_a_scheduler_that_goes_away_ends_the_run_with_a_clear_error_and_nothing_is_lost
    test_clusters::test_a_run_whose_workers_all_died_waits_a_while_and_ends_with_what_is_stored
A worker is killed while it starts: no hang, and Ctrl-C works (threads train; only a function's workers are processes)
    test_faults_signals::test_of_a_worker_that_is_killed_while_it_starts_a_survey_comes_to_an_end
    test_clusters::test_ctrl_c_in_the_terminal_does_not_end_the_workers_before_the_run
The main process is killed at any moment: what was announced is kept, the next run equals the whole one, none is RUNNING
    test_faults_kills::test_killed_at_random_moments_again_and_again_nothing_is_lost_or_doubled
    test_faults_kills::test_killed_at_any_touch_of_its_files_it_goes_on
    test_faults_kills::test_killed_at_some_touches_of_its_files_a_search_goes_on
    test_study::test_no_trial_is_ever_running_in_the_storage
    test_postgres::test_a_search_that_is_killed_goes_on_at_once_from_another_folder
The main process is killed with workers running: no process lives on, no pipe stays open
    test_faults_signals::test_of_a_killed_command_no_process_lives_on_and_no_pipe_stays_open
    test_pools::test_no_worker_outlives_a_main_process_that_is_killed
A journal is torn at any byte, its tail is NUL: cut to the last whole record, said so, with a copy kept
    test_faults_journal::test_torn_in_places_of_its_last_records_a_journal_keeps_all_that_is_whole
    test_faults_journal::test_torn_in_any_byte_of_its_last_three_records_a_journal_keeps_all_that_is_whole
    test_faults_journal::test_a_search_whose_journal_was_torn_ends_as_if_it_had_not_been
    test_storage::test_a_torn_tail_is_cut_to_the_last_whole_record_and_kept_aside
A whole line of a journal is damaged: file and line named, all else readable
    test_records::test_a_damaged_line_is_named_and_nothing_is_touched
    test_records::test_several_damaged_lines_are_all_named
    test_records::test_whatever_line_is_lost_all_other_trials_keep_their_numbers_and_values
    test_records::test_a_recovered_copy_is_searched_on
A newer Optuna or hpsearch wrote it: told as that, with what is unknown, and nothing is touched
    test_records::test_what_a_newer_optuna_wrote_is_no_damage
    test_studies::test_a_study_of_a_newer_version_is_told_with_what_is_unknown_in_it
The disk is full, the folder read-only: an error before or at once, and what was stored stays usable
    test_records::test_a_line_of_a_trial_that_stands_twice_is_named_and_the_trial_counted_once
    test_faults_disk::test_on_a_full_disk_a_command_says_so_and_what_was_stored_stays
    test_faults_disk::test_where_nothing_may_be_written_a_command_says_so_and_all_is_read
    test_faults_disk::test_a_search_that_met_a_full_disk_goes_on_as_if_it_had_not
    test_storage::test_a_write_that_breaks_off_leaves_the_journal_as_it_was
    test_faults_journal::test_a_write_that_failed_in_a_study_that_was_opened_twice_is_made_up_for
The disk fills, or permission lacks, at any file that is written: one error with path and cause, no half file
    test_faults_disk::test_on_a_disk_that_fills_in_mid_write_no_half_file_stays
    test_faults_disk::test_a_network_is_saved_whole_or_not_at_all
    test_files::test_where_no_file_can_be_the_path_the_cause_and_the_cure_are_told
    test_files::test_a_failure_leaves_the_former_file_and_no_part_of_the_new_one
    test_files::test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_one_s_is_not
    test_files::test_whoever_has_the_former_file_open_reads_it_to_its_end
    test_streams::test_a_search_on_a_full_disk_does_its_work_and_says_what_failed
A storage goes away and comes back; its connections are ended; an answer is lost: bounded retries, no doubles
    test_postgres::test_a_server_that_is_away_for_ten_seconds_is_waited_for
    test_postgres::test_a_server_that_does_not_come_back_is_an_error_that_says_so
    test_postgres::test_connections_that_are_ended_again_and_again_cost_nothing
    test_patience::test_a_server_that_is_away_or_in_use_is_tried_again
    test_patience::test_what_stays_refused_is_told_at_once
    test_database::test_a_batch_whose_answer_was_lost_is_not_stored_twice
    test_database::test_a_storage_that_stays_away_is_an_error_after_a_while_and_the_end_waits_no_second_time
Two searches are on one study at once: refused
    test_study::test_two_searches_of_one_study_at_once_are_refused
    test_claims::test_two_searches_of_one_storage_never_store_more_than_was_asked_for
Two searches are on one storage from two results folders: refused with who holds it
    test_claims::test_a_second_run_is_refused_from_another_results_folder_too_and_told_who_holds_the_study
    test_claims::test_a_silent_holder_elsewhere_is_waited_for_thirty_seconds_and_no_longer
    test_claims::test_a_run_that_was_taken_for_dead_writes_nothing_more
A search is resumed with another space, network, seed, data or engine: refused with the difference
    test_study::test_a_changed_study_is_refused_with_the_difference
    test_study::test_changed_data_is_refused_though_the_config_is_the_same
    test_study::test_a_study_begun_with_another_engine_is_refused_and_stays_readable
    test_surveys::test_a_changed_study_is_not_mixed_in
    test_kept_trainings::test_trainings_of_other_data_or_another_network_are_refused
A search is stopped with any sampler and pruner, at any trial: the next run equals the whole one
    test_search::test_a_search_stopped_after_any_trial_of_a_generation_goes_on_as_if_it_had_not_been
    test_search::test_a_search_stopped_after_any_trial_goes_on_as_if_it_had_not_been
A study's file is hostile: an unknown key, a wrong type, any byte: file, line or key, value and rule; nothing created
    test_faults_inputs::test_every_study_with_one_setting_wrong_is_refused
    test_faults_inputs::test_every_study_with_one_setting_wrong_is_refused_by_the_command
    test_config::test_a_mistake_is_told_with_its_key_the_value_and_what_to_do
    test_config::test_a_file_that_is_no_toml_is_told_by_line_and_column
    test_config::test_any_byte_changed_gives_a_study_or_a_config_error
    test_config::test_a_file_cut_anywhere_gives_a_study_or_a_config_error
    test_cli::test_a_mistake_is_refused_before_anything_runs
A space is empty, a range turned round, a log of zero, a choice twice: refused, all at once
    test_config::test_a_mistake_is_told_with_its_key_the_value_and_what_to_do
    test_config::test_all_mistakes_are_reported_together
Data are NaN, infinite, complex, empty, of wrong shapes or one class: refused before any trial, both shapes named
    test_faults_inputs::test_every_wrong_table_is_refused
    test_faults_inputs::test_what_is_no_file_is_refused_and_nothing_waits_for_it
    test_checks::test_unusable_columns_are_refused_by_name
    test_checks::test_wrong_tables_are_refused
    test_dataset::test_wrong_arrays_are_refused_with_both_shapes
    test_splits::test_splits_smaller_than_the_number_of_classes_are_refused
A batch has n - 1, n or n + 1 examples: the written rule
    test_training::test_batches_of_one_of_all_but_one_and_of_all_examples_train
    test_training::test_a_batch_that_does_not_fit_the_training_set_is_refused
    test_objective::test_a_batch_above_the_training_set_is_refused_before_anything_runs
One training diverges: its neighbours' numbers stay the same to the bit
    test_training::test_a_training_beside_others_on_threads_equals_the_same_alone_bit_for_bit
    test_training::test_a_training_that_diverges_ends_there_and_holds_the_ceiling
A hundred thousand labels: refused with an estimate
    test_targets::test_a_hundred_thousand_labels_are_refused_with_an_estimate
A study's name holds ../, NUL, surrogates, any script, is long: no path is made of it unchecked
    test_config::test_a_mistake_is_told_with_its_key_the_value_and_what_to_do
    test_config::test_names_of_any_script_are_kept
    test_files::test_a_name_that_is_no_plain_one_stays_in_its_folder_and_meets_no_other
    test_files::test_a_path_that_holds_a_nul_is_refused
    test_files::test_a_name_that_the_system_s_file_names_lack_is_told_of
A network's file comes from a stranger: nothing executed, bounded memory, a clear error
    test_archive::test_arrays_that_no_network_has_are_refused
    test_archive::test_zeros_without_end_are_not_unpacked
    test_archive::test_a_header_is_not_believed_beyond_the_bytes_there_are
    test_archive::test_parts_that_lie_over_one_another_are_refused
    test_archive::test_a_damaged_file_is_refused_wherever_it_is_damaged
SIGINT comes once: writing ends, no loss, how to go on; twice: leave now, still no loss; so does SIGTERM
    test_cli::test_a_stopped_search_keeps_its_trials_and_goes_on
    test_study::test_ctrl_c_leaves_finished_trials_whole_and_none_running
    test_cli::test_a_signal_whose_exception_was_swallowed_is_remembered_and_the_handlers_come_back
    test_signals::test_of_two_signals_the_first_is_heeded
    test_storage::test_a_writer_that_is_stopped_while_it_writes_stores_each_trial_once
    test_storage::test_a_writer_that_is_stopped_as_it_forgets_what_a_database_holds_stores_the_next_trial_too
    test_stops::test_a_signal_that_comes_while_a_library_is_imported_ends_a_command_in_a_sentence
    test_stops::test_ctrl_c_before_a_command_has_begun_ends_it_quietly_and_at_its_end_is_not_heeded
SIGTERM or SIGHUP comes in mid-write: held off as SIGINT is
    test_signals::test_a_signal_waits_until_the_end_and_is_then_heeded
    test_faults_signals::test_a_signal_in_mid_write_waits_until_the_trial_is_stored
    test_faults_signals::test_a_terminal_that_goes_away_ends_a_search_in_order
A storage has the schema of another version of Optuna: both versions named, nothing upgraded
    test_faults::test_a_schema_of_another_version_is_refused_with_both_versions_and_left_as_it_is
The same seed is in many workers: draws differ by design, and results do not depend on the worker
    test_study::test_two_workers_give_the_same_tables_as_one
    test_samplers::test_no_batch_asks_what_another_has_asked
    test_executors::test_any_executor_gives_the_same_trials
A request to the dashboard has a foreign Host or Origin: refused
    test_requests::test_another_host_is_refused
    test_requests::test_a_page_of_another_origin_is_refused_whatever_it_asks
    test_requests::test_over_a_socket_a_web_site_s_requests_delete_nothing_and_the_page_s_own_do
Names and texts hold markup, HTML, control characters, ../: shown as text everywhere
    test_hostile::test_a_search_a_survey_and_a_new_study_print_names_as_they_are
    test_hostile::test_refusals_print_names_as_they_are
    test_hostile::test_the_page_and_the_dashboard_s_note_show_texts_as_text
    test_hostile::test_the_dashboard_s_note_shows_texts_as_text
    test_hostile::test_an_importance_of_another_program_s_study_prints_names_as_they_are
    test_files::test_a_name_that_is_no_plain_one_stays_in_its_folder_and_meets_no_other
A network, a table or a survey is larger than memory: refused before anything runs, with the sum
    test_memory::test_a_network_larger_than_memory_is_refused_before_anything_is_made
    test_memory::test_a_table_that_is_larger_than_memory_is_refused_before_it_is_read
    test_memory::test_workers_count_and_so_do_trials_and_rows
Output is not UTF-8, on no terminal, of any width, a closed pipe: it works, or ends clearly; nothing computed is lost
    test_streams::test_no_command_ends_in_an_encoding_error
    test_streams::test_a_reader_that_closes_the_pipe_ends_the_command_quietly
    test_streams::test_where_no_stream_can_be_written_a_search_stores_its_trials
    test_faults_signals::test_without_a_terminal_and_with_its_pipes_closed_a_search_stores_its_trials
    test_faults_signals::test_on_a_terminal_of_any_width_a_search_shows_its_best
A caller's process: its children, BLAS threads, signal handlers and random state are as before
    test_callers::test_a_caller_s_process_is_as_before
    test_callers::test_the_first_call_of_a_process_which_imports_all_that_it_needs_leaves_it_as_before
    test_executors::test_nothing_of_the_caller_s_is_ended_with_a_search
What is compiled is cut short, damaged, of another version, or compiled by two at once: compiled anew, never taken
    test_compilation::test_damaged_code_is_compiled_anew
    test_compilation::test_code_of_another_source_is_removed_and_none_of_it_can_be_taken_for_this
    test_compilation::test_where_the_disk_is_full_it_is_compiled_for_the_process
    test_compilation::test_where_no_folder_can_be_written_it_is_compiled_for_the_process
A stop comes while a library is imported, compiles or swallows it: a stop all the same
    test_stops::test_a_signal_that_comes_while_a_library_is_imported_ends_a_command_in_a_sentence
    test_stops::test_what_fails_in_a_library_that_swallowed_a_stop_is_a_stop_and_what_a_user_mends_is_an_error
Standard error is closed: a mistake has its exit code, and no file of results takes the stream's number
    test_streams::test_where_standard_error_is_closed_a_mistake_has_its_code_and_no_file_takes_its_place
Results can be read only: a page, a table and an explanation are made all the same, elsewhere
    test_faults_disk::test_what_cannot_be_written_to_is_read_all_the_same
    test_baselines::test_of_results_that_cannot_be_written_they_are_trained_and_not_kept
A page cannot be written: told before the work, and what was worked out is printed first
    test_faults_disk::test_a_folder_that_takes_no_file_is_told_before_there_is_work_to_lose
    test_lesson::test_a_page_that_cannot_be_written_is_told_before_anything_is_trained
    test_compare::test_what_is_missing_is_named_and_made_on_demand
Memory or file numbers run short: told as such
    test_endings::test_short_memory_is_told_as_such
    test_endings::test_too_many_open_files_are_told_with_the_limit_to_raise
A journal is of an older version, or vanishes in mid-run: read, or refused with why; not begun anew
    test_study::test_a_study_begun_with_another_engine_is_refused_and_stays_readable
    test_kept_trainings::test_trainings_kept_by_an_earlier_version_are_read
    test_storage::test_a_journal_that_vanishes_is_told_of_and_not_begun_anew
"""

import ast
import re
import sqlite3
from functools import cache
from pathlib import Path

import pytest
from helpers import study_in

from hpsearch.storage.access import existing_storage, open_storage
from hpsearch.storage.journal import StorageError


@cache
def names_in(file):
    """Names of the tests that a file of tests defines."""
    tree = ast.parse(Path(__file__).with_name(f"{file}.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_matrix_names_tests_that_are_there():
    rows = {}
    for line in __doc__.splitlines()[2:]:
        if not line.startswith(" "):
            rows[line] = tests = []
        else:
            tests.append(line.strip().split("::"))
    assert len(rows) == 38
    for row, tests in rows.items():
        assert tests, row
        for file, name in tests:
            assert name in names_in(file), (row, file, name)


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
