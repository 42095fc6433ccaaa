package io.usernet.link;

/** The link is gone for good; the stack on it dies with this as the cause. */
public final class LinkFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    public LinkFailure(String message) {
        super(message);
    }

    public LinkFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
