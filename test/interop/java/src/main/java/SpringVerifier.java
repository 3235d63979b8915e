import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.web.client.RestTemplate;

/** The decoder of a Spring resource server, without its server. It keeps its keys for five minutes. */
public final class SpringVerifier {
  private static final List<SignatureAlgorithm> ALGORITHMS =
      List.of(
          SignatureAlgorithm.ES256,
          SignatureAlgorithm.RS256,
          SignatureAlgorithm.PS256,
          SignatureAlgorithm.ES384);

  public static void main(String[] args) throws Exception {
    Lines.Arguments told = Lines.Arguments.of(args);
    // By default a fetch of the keys may wait for ever.
    SimpleClientHttpRequestFactory http = new SimpleClientHttpRequestFactory();
    http.setConnectTimeout(2_000);
    http.setReadTimeout(3_000);
    NimbusJwtDecoder decoder =
        NimbusJwtDecoder.withJwkSetUri(told.jwksUri())
            .restOperations(new RestTemplate(http))
            // By default RS256 alone.
            .jwsAlgorithms((algorithms) -> algorithms.addAll(ALGORITHMS))
            // The validator below looks at the typ.
            .validateType(false)
            .build();
    JwtTimestampValidator times = new JwtTimestampValidator();
    times.setAllowEmptyExpiryClaim(false);
    decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<Jwt>(
            times,
            new JwtTypeValidator(told.typ()),
            new JwtIssuerValidator(told.issuer()),
            new JwtAudienceValidator(told.audience())));
    Lines.answer((token) -> plain(decoder.decode(token).getClaims()));
  }

  /** With the times as the token has them. */
  private static Map<String, Object> plain(Map<String, Object> claims) {
    return claims.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, (claim) -> plain(claim.getValue())));
  }

  private static Object plain(Object value) {
    return value instanceof Instant instant ? instant.getEpochSecond() : value;
  }
}
