import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Copies the classes of java.lang.foreign from the runtime that executes it, marked as class files of version 17, so that a compiler that is
 * older than the runtime can read what methods they have. Nobody runs the copies.
 */
public final class Signatures {
    private static final int MAJOR_VERSION = 7, JAVA_17 = 61;

    public static void main(String[] arguments) throws Exception {
        Path from = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules/java.base/java/lang/foreign");
        Path to = Files.createDirectories(Path.of(arguments[0], "java/lang/foreign"));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(from, "*.class")) {
            for (Path file : files) {
                byte[] octets = Files.readAllBytes(file);
                octets[MAJOR_VERSION] = JAVA_17;
                Files.write(to.resolve(file.getFileName().toString()), octets);
            }
        }
    }
}
