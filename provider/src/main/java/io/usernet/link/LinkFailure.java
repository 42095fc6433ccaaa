package io.usernet.link;

/** The link is gone for good; the stack on it dies with this as the cause. */
public final class LinkFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With a message in one line, which names the link. */
    public LinkFailure(String message) {
        super(message);
    }

    /** Likewise, with what it came from. */
    public LinkFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
