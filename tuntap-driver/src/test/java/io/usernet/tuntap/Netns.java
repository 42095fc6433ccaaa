package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opentest4j.TestAbortedException;

/**
 * Runs the tests that are marked with {@link InNetns}. A JVM cannot enter a namespace once it has
 * threads, so the test's method is called in a child JVM that was started inside.
 */
public final class Netns implements InvocationInterceptor {
    private static final int PASSED = 0, FAILED = 1, TIMED_OUT = 2, SKIPPED = 3;

    private static String
            obstacle; // why there can be no namespace; "" if there can; null: not tried

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation,
            ReflectiveInvocationContext<Method> context,
            ExtensionContext extension)
            throws Throwable {
        invocation.skip();
        InNetns how = context.getExecutable().getAnnotation(InNetns.class);
        String why = obstacle();
        Assumptions.assumeTrue(
                why.isEmpty(), "no network namespace with a TAP device here: " + why);
        Assumptions.assumeTrue(
                how.without().isEmpty() || isRoot(), "only root can give up capabilities");

        Path output = Files.createTempFile("netns", ".txt");
        try {
            Process process =
                    new ProcessBuilder(
                                    command(context.getTargetClass(), context.getExecutable(), how))
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
            try {
                boolean ended = process.waitFor(how.seconds() + 10, TimeUnit.SECONDS);
                if (ended && process.exitValue() == PASSED) return;
                if (ended && process.exitValue() == SKIPPED) {
                    Assumptions.abort(Files.readString(output).trim());
                }
                fail(
                        (ended ? "exit status " + process.exitValue() : "did not end")
                                + "; it printed:\n"
                                + Files.readString(output));
            } finally {
                process.destroyForcibly(); // takes everything inside with it
            }
        } finally {
            Files.delete(output);
        }
    }

    private static List<String> command(Class<?> type, Method test, InNetns how) {
        List<String> command = new ArrayList<>(unshare());
        StringBuilder script = new StringBuilder("set -e\n");
        if (isRoot()) {
            // a device node of its own, so that a test may do away with it
            script.append("mount -t tmpfs none /dev/net\n");
            script.append("mknod -m 666 /dev/net/tun c 10 200\n");
        }
        script.append("ip link set lo up\n").append(how.setup()).append('\n');
        script.append("exec \"$@\"");
        command.addAll(List.of("sh", "-c", script.toString(), "sh"));
        if (!how.without().isEmpty()) {
            String dropped = "-" + how.without().replace(",", ",-");
            command.addAll(List.of("setpriv", "--bounding-set=" + dropped));
            command.add("--inh-caps=" + dropped);
        }
        command.add(System.getProperty("java.home") + "/bin/java");
        command.add("-ea");
        command.add("-XX:+IgnoreUnrecognizedVMOptions"); // before JDK 24
        command.add("--enable-native-access=ALL-UNNAMED");
        for (String name : System.getProperties().stringPropertyNames()) {
            if (!name.startsWith("usernet.test.")) continue;
            command.add("-D" + name + "=" + System.getProperty(name));
        }
        command.addAll(List.of("-cp", classPath(), Netns.class.getName()));
        command.add(type.getName());
        command.addAll(List.of(test.getName(), Integer.toString(how.seconds())));
        return command;
    }

    private static List<String> unshare() {
        List<String> command = new ArrayList<>(List.of("unshare"));
        if (!isRoot()) command.add("-Ur");
        command.addAll(List.of("-n", "-m", "--fork", "--pid", "--mount-proc", "--kill-child"));
        return command;
    }

    private static String classPath() {
        String surefire = System.getProperty("surefire.test.class.path");
        return surefire != null ? surefire : System.getProperty("java.class.path");
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static synchronized String obstacle() throws IOException, InterruptedException {
        if (obstacle != null) return obstacle;
        List<String> command = new ArrayList<>(unshare());
        command.addAll(List.of("sh", "-c", "ip link >/dev/null && : <> /dev/net/tun"));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes()).trim();
            obstacle = process.waitFor() == 0 ? "" : String.join(" ", command) + ": " + said;
        } catch (IOException e) {
            obstacle = e.getMessage(); // there is no such program
        }
        return obstacle;
    }

    /** The child: arguments are the test's class, its method, and a limit in seconds. */
    public static void main(String[] args) throws Exception {
        long limit = TimeUnit.SECONDS.toMillis(Long.parseLong(args[2]));
        Thread watchdog =
                new Thread(
                        () -> {
                            try {
                                Thread.sleep(limit);
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                            System.out.println("timed out; the threads were at:");
                            Thread.getAllStackTraces()
                                    .forEach(
                                            (thread, stack) -> {
                                                System.out.println(thread);
                                                for (StackTraceElement e : stack) {
                                                    System.out.println("    at " + e);
                                                }
                                            });
                            Runtime.getRuntime().halt(TIMED_OUT);
                        });
        watchdog.setDaemon(true);
        watchdog.start();
        Class<?> type = Class.forName(args[0]);
        Method test = method(type, args[1]);
        Constructor<?> constructor = type.getDeclaredConstructor();
        test.setAccessible(true);
        constructor.setAccessible(true);
        int status = PASSED;
        try {
            test.invoke(constructor.newInstance());
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof TestAbortedException aborted) {
                System.out.println(aborted.getMessage());
                status = SKIPPED;
            } else {
                e.getCause().printStackTrace(System.out);
                status = FAILED;
            }
        }
        System.out.flush();
        Runtime.getRuntime().halt(status);
    }

    /** A test may be inherited. */
    private static Method method(Class<?> type, String name) throws NoSuchMethodException {
        for (Class<?> c = type; c != Object.class; c = c.getSuperclass()) {
            for (Method method : c.getDeclaredMethods()) {
                if (method.getName().equals(name) && method.getParameterCount() == 0) return method;
            }
        }
        throw new NoSuchMethodException(type.getName() + "." + name);
    }

    /** Inside: runs a shell command to its end, which must be good; returns what it printed. */
    static String sh(String command) throws IOException, InterruptedException {
        Process process = start(command);
        String said = new String(process.getInputStream().readAllBytes());
        int status = process.waitFor();
        if (status != 0) throw new AssertionError(command + ": status " + status + "\n" + said);
        return said;
    }

    /** Inside: skips the test where a program is missing. */
    static void require(String program) throws IOException, InterruptedException {
        boolean found = start("command -v " + program).waitFor() == 0;
        Assumptions.assumeTrue(found, program + " is not installed");
    }

    /** Inside: starts a shell command. */
    static Process start(String command) throws IOException {
        return new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .start();
    }
}
