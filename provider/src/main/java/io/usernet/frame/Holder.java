package io.usernet.frame;

/**
 * What keeps the memory of slices alive: a count of those who may still look at it. The count is
 * plain, and only the home loop changes it (whoever has a holder nobody else knows of yet, too).
 */
public abstract class Holder {
    private int refs = 1;

    /** Begins with one reference, its maker's. */
    protected Holder() {}

    /** One more slice or frame looks at this memory. */
    public final void retain() {
        assert refs > 0 : "retained after it was freed";
        refs++;
    }

    /** One less; the last one frees. */
    public final void release() {
        assert refs > 0 : "released more often than retained";
        if (--refs == 0) free();
    }

    /** {@return whether the caller's is the only reference} */
    public final boolean isSole() {
        return refs == 1;
    }

    /** Makes a freed holder usable again, with one reference: its pool calls this. */
    protected final void revive() {
        assert refs == 0 : "still held";
        refs = 1;
    }

    /** Gives the memory back to where it came from. */
    protected abstract void free();
}
