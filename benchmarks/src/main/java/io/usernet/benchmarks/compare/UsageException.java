package io.usernet.benchmarks.compare;

/** The command line is wrong; the message is one line for the user. */
final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
        super(message);
    }
}
