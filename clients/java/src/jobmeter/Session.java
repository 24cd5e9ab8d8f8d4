package jobmeter;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The session of one application: its token, the key of each write, and further attempts after errors that may pass. Threads may
 * share it, and then share its token. Give {@link #client} to the generated classes, and run each of their calls in
 * {@link #call}.
 */
public final class Session {
  private static final int ATTEMPTS_MAX = 8;
  private static final double FIRST_WAIT_SECONDS = 0.5;
  private static final double LONGEST_WAIT_SECONDS = 30;
  private static final double WAIT_SECONDS_MAX = 180;
  private static final long MARGIN_SECONDS = 30;
  private static final int UNAUTHORIZED = 401;
  private static final int TOO_MANY_REQUESTS = 429;

  /** A call of a generated method. */
  @FunctionalInterface
  public interface Call<T> {
    T run() throws ApiException;
  }

  private final String baseUrl;
  private final String clientId;
  private final String clientSecret;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final ApiClient client = new ApiClient();
  // A write has the same key in every attempt.
  private final ThreadLocal<String> key = new ThreadLocal<>();
  private String token;
  private Instant tokenEnd = Instant.MIN;

  public Session(String baseUrl, String clientId, String clientSecret) {
    this.baseUrl = baseUrl;
    this.clientId = clientId;
    this.clientSecret = clientSecret;
    client.updateBaseUri(baseUrl);
    client.setReadTimeout(Duration.ofSeconds(90));
    client.setRequestInterceptor(this::sign);
    var mapper = client.getObjectMapper();
    mapper.addHandler(new Distinction());
    client.setObjectMapper(mapper);
  }

  /** Unknown fields are ignored, except those by which the kinds of a response are told apart: of a batch, and of a page. */
  private static final class Distinction extends DeserializationProblemHandler {
    private static final Set<String> NAMES = Set.of("results", "elements");

    @Override
    public boolean handleUnknownProperty(
        DeserializationContext context, JsonParser parser, JsonDeserializer<?> deserializer, Object bean, String name)
        throws IOException {
      if (NAMES.contains(name)) throw JsonMappingException.from(context, name + " belongs to another kind of response");
      return false;
    }
  }

  public ApiClient client() {
    return client;
  }

  /** Runs the call, again after errors that may pass; a server of Jobmeter executes a write once for its key. */
  public <T> T call(Call<T> call) throws ApiException {
    key.set(UUID.randomUUID().toString());
    boolean isRenewed = false;
    double waited = 0;
    for (int attempt = 1; ; attempt++) {
      try {
        return call.run();
      } catch (ApiException error) {
        if (error.getCode() == UNAUTHORIZED && !isRenewed) {
          isRenewed = true;
          discardToken();
          continue;
        }
        double seconds = chooseWait(error, attempt);
        if (!isTemporary(error) || attempt >= ATTEMPTS_MAX || waited + seconds > WAIT_SECONDS_MAX) throw error;
        sleep(seconds);
        waited += seconds;
      }
    }
  }

  private static boolean isTemporary(ApiException error) {
    int status = error.getCode();
    boolean isBroken = status == 0 && error.getCause() instanceof IOException;
    return isBroken || status == TOO_MANY_REQUESTS || (status >= 500 && status != 501 && status != 505);
  }

  private static double chooseWait(ApiException error, int attempt) {
    double random = ThreadLocalRandom.current().nextDouble();
    if (error.getResponseHeaders() != null) {
      var given = error.getResponseHeaders().firstValue("retry-after").filter(text -> text.matches("[0-9]{1,9}"));
      if (given.isPresent()) return Integer.parseInt(given.get()) + random * FIRST_WAIT_SECONDS;
    }
    double longest = Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * Math.pow(2, attempt - 1));
    return longest / 2 + random * longest / 2;
  }

  private static void sleep(double seconds) throws ApiException {
    try {
      Thread.sleep((long) (seconds * 1000));
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new ApiException(error);
    }
  }

  private void sign(HttpRequest.Builder builder) {
    builder.setHeader("Authorization", "Bearer " + readToken());
    if (!builder.copy().build().method().equals("GET")) builder.setHeader("Idempotency-Key", key.get());
  }

  /** One request for all threads that need a token at the same moment. */
  private synchronized String readToken() {
    if (Instant.now().isBefore(tokenEnd)) return token;
    String form = "grant_type=client_credentials&client_id=" + encode(clientId) + "&client_secret=" + encode(clientSecret);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(baseUrl + "/oauth/v2/accessToken"))
            .timeout(Duration.ofSeconds(90))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
    Instant requestedAt = Instant.now();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) throw new IllegalStateException("no token: HTTP " + response.statusCode());
      JsonNode found = client.getObjectMapper().readTree(response.body());
      token = found.get("access_token").asText();
      tokenEnd = requestedAt.plusSeconds(found.get("expires_in").asLong() - MARGIN_SECONDS);
      return token;
    } catch (IOException error) {
      throw new java.io.UncheckedIOException(error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(error);
    }
  }

  private synchronized void discardToken() {
    tokenEnd = Instant.MIN;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
