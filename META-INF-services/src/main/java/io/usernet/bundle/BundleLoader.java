package io.usernet.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Loads classes and resources from below a directory of the jar that it is in, and all others from the
 * loader of that jar. What is below that directory comes first, so it is the bundle's own version
 * whatever the application has; nobody else can see it. Since it asks the jar's loader for the bytes,
 * it works wherever that one does (in a jar inside a jar, too), its URLs are that loader's URLs, and
 * nothing is read before it is needed. Thread-safe and parallel capable.
 */
final class BundleLoader extends ClassLoader {
    static {
        registerAsParallelCapable();
    }

    /** Where the build puts the drivers and their libraries. */
    static final String ROOT = "META-INF/usernet/lib/";

    private final Class<?> neighbour;
    private final String root;

    /**
     * @param neighbour a class of the jar
     * @param root where the bundle is in the jar, ending with a slash
     */
    BundleLoader(Class<?> neighbour, String root) {
        super("usernet", neighbour.getClassLoader());
        this.neighbour = neighbour;
        this.root = root;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> type = findLoadedClass(name);
            if (type == null) type = define(name);
            if (type == null) type = getParent().loadClass(name);
            if (resolve) resolveClass(type);
            return type;
        }
    }

    /** The bundle's class of that name, or null if it has none. */
    private Class<?> define(String name) throws ClassNotFoundException {
        String path = root + name.replace('.', '/') + ".class";
        byte[] bytes;
        try (InputStream in = getParent().getResourceAsStream(path)) {
            if (in == null) return null;
            bytes = in.readAllBytes();
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
        return defineClass(name, bytes, 0, bytes.length, neighbour.getProtectionDomain());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        Class<?> type = define(name);
        if (type == null) throw new ClassNotFoundException(name);
        return type;
    }

    @Override
    public URL getResource(String name) {
        URL own = findResource(name);
        return own != null ? own : getParent().getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        Set<URL> all = new LinkedHashSet<>(Collections.list(findResources(name)));
        all.addAll(Collections.list(getParent().getResources(name)));
        return Collections.enumeration(all);
    }

    @Override
    protected URL findResource(String name) {
        return getParent().getResource(root + name);
    }

    @Override
    protected Enumeration<URL> findResources(String name) throws IOException {
        return getParent().getResources(root + name);
    }
}
