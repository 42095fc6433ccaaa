package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.usernet.Stack;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Threads that block on the stack leave their carrier: of that there is one here, so that a thread that
 * keeps it stops all others. {@code -Dusernet.test.virtual.threads=100000} for more of them.
 */
class VirtualThreadsTest {
    private static final int THREADS = Integer.getInteger("usernet.test.virtual.threads", 10_000);
    private static final int LIMIT_S = 600;

    @Test
    void threadsBlockedInEveryCallAllEndRightly() throws Exception {
        assumeTrue(Runtime.version().feature() >= 21, "this JDK has no virtual threads");
        Process program =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-ea",
                                "-Xmx" + (200 + THREADS / 40) + "m",
                                "-XX:MaxDirectMemorySize=1g",
                                "-Djdk.virtualThreadScheduler.parallelism=1",
                                "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                                "-cp",
                                String.join(
                                        File.pathSeparator,
                                        List.of(home(Stack.class), home(getClass()))),
                                VirtualThreadsProgram.class.getName(),
                                String.valueOf(THREADS))
                        .redirectErrorStream(true)
                        .start();
        try {
            program.getOutputStream().close();
            String said = new String(program.getInputStream().readAllBytes());
            System.out.print(said);
            assertTrue(program.waitFor(LIMIT_S, TimeUnit.SECONDS), "it hangs");
            assertEquals(0, program.exitValue(), said);
        } finally {
            program.destroyForcibly();
        }
    }

    private static String home(Class<?> type) throws IOException, URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }
}
