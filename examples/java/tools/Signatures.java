import java.net.URI;
import java.nio.file.*;
public final class Signatures {
    public static void main(String[] arguments) throws Exception {
        Path from = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules/java.base/java/lang/foreign");
        Path to = Files.createDirectories(Path.of(arguments[0], "java/lang/foreign"));
        try (var files = Files.newDirectoryStream(from, "*.class")) {
            for (Path file : files) {
                byte[] octets = Files.readAllBytes(file);
                octets[4]=0; octets[5]=0;
                octets[6] = 0;
                octets[7] = 61;
                Files.write(to.resolve(file.getFileName().toString()), octets);
            }
        }
    }
}
