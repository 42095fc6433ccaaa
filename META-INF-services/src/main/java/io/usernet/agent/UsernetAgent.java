package io.usernet.agent;

import io.usernet.config.Settings;
import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.security.CodeSource;

/**
 * Puts the JVM on the stack: {@link #premain} before the application runs, {@link #agentmain} where a
 * running JVM loads the agent. {@code docs/agent.md} has the options.
 *
 * <p>All settings are checked here, and the link is opened with the first channel. So a mistake ends
 * the JVM before the application has begun, and yet the many short-lived JVMs that obey the same {@code
 * JAVA_TOOL_OPTIONS} (compilers, {@code keytool}) don't take the one TAP device that there is.
 */
public final class UsernetAgent {
    private UsernetAgent() {}

    /**
     * Called by the JVM. Where something is wrong, it prints one line, which says what to do, and ends
     * the JVM with status 1: an exception would be a stack trace of the JVM's.
     *
     * @param options what stands behind {@code -javaagent:usernet.jar=}; null: nothing
     * @param instrumentation the JVM's
     */
    public static void premain(String options, Instrumentation instrumentation) {
        String failure = null;
        try {
            new Installation(AgentOptions.parse(options), instrumentation).install();
        } catch (IllegalArgumentException | IllegalStateException e) {
            failure = e.getMessage();
        } catch (LinkageError e) {
            failure = otherVersion(e);
        }
        if (failure == null) return;
        System.err.println("usernet.jar as agent: " + failure);
        System.exit(1);
    }

    /**
     * Called by a JVM that runs already, which a mistake must not end. Nor may it leave the channels to
     * a provider without settings: the JVM has the jar on its class path now, where it is a service.
     *
     * @param options what was given with the jar; null: nothing
     * @param instrumentation the JVM's
     * @throws IllegalArgumentException if an option or a setting is wrong
     * @throws IllegalStateException if it is too late, because somebody has opened channels, or has a
     *     socket factory
     * @throws IOException if the JDK's own provider cannot be reached after that
     */
    public static void agentmain(String options, Instrumentation instrumentation)
            throws IOException {
        try {
            new Installation(AgentOptions.parse(options), instrumentation).install();
        } catch (IllegalArgumentException | IllegalStateException e) {
            Installation.keepTheJdksProvider(instrumentation);
            throw e;
        }
    }

    /** The application's own jar of the provider comes first where it is on the class path. */
    private static String otherVersion(LinkageError e) {
        CodeSource source = Settings.class.getProtectionDomain().getCodeSource();
        return "the classes of io.usernet come from "
                + (source == null ? "elsewhere" : source.getLocation())
                + " and are not of this version ("
                + e
                + "): take that away, or the same version";
    }
}
