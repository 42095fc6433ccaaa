package io.usernet.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Settings;
import io.usernet.config.Sysctl;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UsageTest {
    /** The names of the settings' properties, without what they begin with. */
    private static List<String> keys() throws IllegalAccessException {
        List<String> keys = new ArrayList<>();
        for (Field field : Settings.class.getFields()) {
            if (!Modifier.isStatic(field.getModifiers()) || field.getType() != String.class)
                continue;
            String name = (String) field.get(null);
            if (Settings.isSetting(name)) keys.add(name.substring(Settings.PREFIX.length()));
        }
        return keys;
    }

    @Test
    void namesAllThatCanBeSet() throws Exception {
        String text = Usage.text("1");
        List<String> keys = keys();
        assertTrue(keys.size() > 10, keys::toString);
        for (String key : keys) {
            assertTrue(
                    Pattern.compile("^ +" + Pattern.quote(key) + " ", Pattern.MULTILINE)
                            .matcher(text)
                            .find(),
                    key);
        }
        for (Sysctl sysctl : Sysctl.values()) {
            assertTrue(text.contains(" " + sysctl.key() + "=" + sysctl + "\n"), sysctl.key());
        }
        for (Part part : Part.values()) assertTrue(text.contains(" " + part.option()), text);
        assertTrue(text.lines().allMatch(line -> line.length() <= 110), text);
    }

    @Test
    void isWhatTheJarPrints() throws Exception {
        Process process =
                new ProcessBuilder(
                                System.getProperty("java.home") + "/bin/java",
                                "-jar",
                                System.getProperty("jar.under.test"))
                        .redirectErrorStream(true)
                        .start();
        try {
            byte[] said = process.getInputStream().readAllBytes();
            assertEquals(0, process.waitFor());
            String text = new String(said, StandardCharsets.UTF_8);
            assertTrue(text.startsWith("Usernet 0."), text);
            assertTrue(text.contains("-javaagent:usernet.jar="), text);
        } finally {
            process.destroyForcibly();
        }
    }
}
