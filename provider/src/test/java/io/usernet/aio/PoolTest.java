package io.usernet.aio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.DefaultThreadPool;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PoolTest {
    /** Named by its class name, as the property does. */
    public static final class Named implements ThreadFactory {
        @Override
        public Thread newThread(Runnable task) {
            return new Thread(task, "of the application's factory");
        }
    }

    @AfterEach
    void clear() {
        System.clearProperty(DefaultThreadPool.INITIAL_SIZE);
        System.clearProperty(DefaultThreadPool.THREAD_FACTORY);
    }

    private static Thread threadOf(Pool pool) throws Exception {
        ExecutorService executor = pool.executor();
        try {
            return executor.submit(Thread::currentThread).get(10, TimeUnit.SECONDS);
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void defaultIsAsManyDaemonsAsProcessorsAndMore() throws Exception {
        Pool pool = Pool.byDefault(DefaultThreadPool.fromSystemProperties());
        assertEquals(Runtime.getRuntime().availableProcessors(), pool.loops());
        assertFalse(pool.fixed());
        Thread thread = threadOf(pool);
        assertTrue(thread.isDaemon());
        assertTrue(thread.getName().startsWith("usernet-aio-default-"));
        assertSame(ClassLoader.getSystemClassLoader(), thread.getContextClassLoader());
    }

    @Test
    void propertiesNameFactoryAndSize() throws Exception {
        System.setProperty(DefaultThreadPool.INITIAL_SIZE, "3");
        System.setProperty(DefaultThreadPool.THREAD_FACTORY, Named.class.getName());
        DefaultThreadPool settings = DefaultThreadPool.fromSystemProperties();
        assertEquals(new DefaultThreadPool(Named.class.getName(), 3), settings);
    }

    @Test
    void sizeMustBeANumber() {
        System.setProperty(DefaultThreadPool.INITIAL_SIZE, "many");
        Error wrong = assertThrows(Error.class, DefaultThreadPool::fromSystemProperties);
        assertEquals(
                "java.nio.channels.DefaultThreadPool.initialSize=many: not a number; give one,"
                        + " such as 4",
                wrong.getMessage());
    }

    @Test
    void factoryMustBeOne() {
        for (String name : new String[] {"no.such.Factory", "java.lang.String"}) {
            DefaultThreadPool settings = new DefaultThreadPool(name, 1);
            Error wrong = assertThrows(Error.class, () -> Pool.byDefault(settings));
            String begin = "java.nio.channels.DefaultThreadPool.threadFactory=" + name + ": ";
            assertTrue(wrong.getMessage().startsWith(begin), wrong.getMessage());
        }
    }

    @Test
    void threadsAreTakenOnlyFromWhoHasAsManyAsOneWants() {
        ExecutorService cached = Executors.newCachedThreadPool();
        assertEquals(2, Pool.of(cached, 2).loops());
        assertEquals(Runtime.getRuntime().availableProcessors(), Pool.of(cached, -1).loops());
        ExecutorService bounded = Executors.newFixedThreadPool(4);
        assertEquals(0, Pool.of(bounded, 2).loops());
        assertEquals(0, Pool.of(ForkJoinPool.commonPool(), 2).loops());
        cached.shutdown();
        bounded.shutdown();
    }

    @Test
    void fixedPoolIsAllTheGroups() {
        Pool pool = Pool.fixed(3, Executors.defaultThreadFactory());
        assertEquals(3, pool.loops());
        assertTrue(pool.fixed());
        pool.executor().shutdown();
    }
}
