from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_info, threadpool_limits

from hpsearch.engine.threads import one_blas_thread


def counts():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_blas_has_one_thread_until_the_last_of_all_who_want_it_so_leaves():
    def inside():
        with one_blas_thread():
            return counts()

    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(2) as pool:
        before = counts()
        with one_blas_thread():
            for within in pool.map(lambda _: inside(), range(4)):
                assert within == {1}
            assert counts() == {1}
        assert counts() == before
