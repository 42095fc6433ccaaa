package io.usernet.bundle;

import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Native access for the drivers in usernet.jar by an agent, in the place of the JVM's option. The JDK gives
 * native access to a named module, or to all classes that are in none, whatever their loader. So for the
 * agent the drivers' own package becomes a named module, which only it can see and nobody else shares;
 * their libraries, which make no native calls there, stay in none.
 */
public final class NativeAccess {
    /** From this JDK on it warns about native calls of those that were not given native access. */
    private static final int WARNS = 24;

    /** The name of the module, and of its only package. */
    private static final String DRIVERS = "io.usernet.tuntap";

    private NativeAccess() {}

    /**
     * Lets the drivers make native calls without a warning, and where the JVM refuses them to others. It
     * opens {@code java.lang} to their module alone, which takes native access for itself. Call it before
     * the first link is opened: from {@code premain}. Does nothing before JDK 24, or when called again. On
     * a JDK that has changed it does nothing, either, so that the JDK says what it says without an
     * agent. Throws nothing.
     *
     * @param instrumentation the agent's
     */
    public static synchronized void allow(Instrumentation instrumentation) {
        if (Runtime.version().feature() < WARNS || Drivers.areLoaded()) return;
        try {
            BundleLoader loader = new BundleLoader(NativeAccess.class, BundleLoader.ROOT);
            Module drivers = define(loader);
            instrumentation.redefineModule(
                    Object.class.getModule(),
                    Set.of(),
                    Map.of(),
                    Map.of("java.lang", Set.of(drivers)),
                    Set.of(),
                    Map.of());
            Method take = loader.loadClass(DRIVERS + ".NativeAccess").getDeclaredMethod("take");
            take.setAccessible(true);
            take.invoke(null);
            Drivers.loadBy(loader);
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            // The drivers are loaded as without an agent, and the JDK's warning names the option.
        }
    }

    /** An automatic module, which reads all others and is open to them. */
    private static Module define(BundleLoader loader) {
        ModuleDescriptor descriptor =
                ModuleDescriptor.newAutomaticModule(DRIVERS).packages(Set.of(DRIVERS)).build();
        ModuleLayer boot = ModuleLayer.boot();
        Configuration configuration =
                Configuration.resolve(
                        finder(descriptor),
                        List.of(boot.configuration()),
                        ModuleFinder.of(),
                        Set.of(DRIVERS));
        return ModuleLayer.defineModules(configuration, List.of(boot), name -> loader)
                .layer()
                .findModule(DRIVERS)
                .orElseThrow();
    }

    private static ModuleFinder finder(ModuleDescriptor descriptor) {
        ModuleReference reference =
                new ModuleReference(descriptor, null) {
                    @Override
                    public ModuleReader open() throws IOException {
                        throw new IOException("BundleLoader reads " + descriptor.name());
                    }
                };
        return new ModuleFinder() {
            @Override
            public Optional<ModuleReference> find(String name) {
                return name.equals(descriptor.name()) ? Optional.of(reference) : Optional.empty();
            }

            @Override
            public Set<ModuleReference> findAll() {
                return Set.of(reference);
            }
        };
    }
}
