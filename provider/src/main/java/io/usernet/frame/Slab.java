package io.usernet.frame;

/**
 * A range of a region from the stack's memory budget, the unit that is taken and given back. While it
 * is out, {@link #next} and {@link #position} belong to whoever took it.
 */
public final class Slab extends Holder {
    /** Sizes that {@link Memory} deals in. */
    public enum Size {
        /** For a few small payloads. */
        SMALL(2 << 10, 16),
        /** For what an application writes. */
        MEDIUM(32 << 10, 2),
        /** For what a link reads: at least one frame of the largest kind fits. */
        LARGE(128 << 10, 0);

        final int bytes;
        final int forReceiving; // so many are left alone by writers

        Size(int bytes, int forReceiving) {
            this.bytes = bytes;
            this.forReceiving = forReceiving;
        }

        /** {@return how many bytes such a slab has} */
        public int bytes() {
            return bytes;
        }
    }

    private final Memory home;
    private final Size size;
    private final Region region;
    private final int base;

    /** Among the slabs of its size; the pool's. */
    final int number;

    /** Link of the list this slab is in while it is out. */
    public Slab next;

    /** Where in its owner's stream of bytes this slab's first byte stands. */
    public long position;

    Slab(Memory home, Size size, Region region, int base, int number) {
        this.home = home;
        this.size = size;
        this.region = region;
        this.base = base;
        this.number = number;
    }

    Size size() {
        return size;
    }

    /** {@return the region that the slab is a part of} */
    public Region region() {
        return region;
    }

    /** {@return where the slab begins in its region} */
    public int base() {
        return base;
    }

    /** {@return how many bytes it has} */
    public int capacity() {
        return size.bytes;
    }

    void taken() {
        revive();
        next = null;
        position = 0;
    }

    @Override
    protected void free() {
        home.give(this);
    }
}
