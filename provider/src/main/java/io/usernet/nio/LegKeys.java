package io.usernet.nio;

import java.nio.channels.SelectableChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of a channel whose work its legs do: they hear of the legs from when there are some.
 * Thread-safe; takes no lock of a selector.
 */
final class LegKeys {
    // -- protected by this object's monitor
    private final List<StackSelectionKey> keys = new ArrayList<>(1);
    private Pollable stack; // null: none
    private SelectableChannel kernel; // null: none

    // -- end of fields protected by the monitor

    synchronized void add(StackSelectionKey key) {
        keys.add(key);
        join(key);
    }

    /** The key is gone, and what the kernel watched for it with it. */
    synchronized void remove(StackSelectionKey key) {
        if (keys.remove(key) && stack != null) stack.detach(key);
    }

    /**
     * There are legs now; later calls change nothing.
     *
     * @param stack null: none
     * @param kernel null: none
     */
    synchronized void join(Pollable stack, SelectableChannel kernel) {
        if (this.stack != null || this.kernel != null) return;
        this.stack = stack;
        this.kernel = kernel;
        for (StackSelectionKey key : keys) {
            join(key);
            key.lookAgain(); // a leg may have become ready before the key could hear of it
        }
    }

    /**
     * The legs are these from now on; of others that there were, the keys hear no more.
     *
     * @param newStack null: none
     * @param newKernel null: none
     */
    synchronized void replace(Pollable newStack, SelectableChannel newKernel) {
        Pollable oldStack = stack;
        SelectableChannel oldKernel = kernel;
        stack = newStack;
        kernel = newKernel;
        for (StackSelectionKey key : keys) {
            if (oldStack != null && oldStack != newStack) oldStack.detach(key);
            if (newStack != null && newStack != oldStack) newStack.attach(key);
            if (oldKernel != null && oldKernel != newKernel) key.unwatch(oldKernel);
            if (newKernel != null && newKernel != oldKernel) key.watch(newKernel);
            key.lookAgain();
        }
    }

    private void join(StackSelectionKey key) {
        if (stack != null) stack.attach(key);
        if (kernel != null) key.watch(kernel);
    }
}
