import { CACHE_SECONDS, type Gateway, type GatewaySettings, jwksOf } from './settings.ts'
import { springDecoder } from './spring-decoder.ts'

/** A Spring Boot service, or a Spring Cloud Gateway, that verifies itself. */
export const spring: Gateway = {
  config,
  companion: { file: 'MintmarkJwtDecoder.java', print: springDecoder },
  verifies: ['ES256', 'ES384', 'RS256', 'PS256'],
}

function config(settings: GatewaySettings): string {
  const { issuer, audience, algorithm, port } = settings
  return `# A Spring Boot service that takes tokens with the audience ${audience}
#
# Put it into src/main/resources/application.yml. It needs spring-boot-starter-oauth2-resource-server,
# and the class that this prints, with the same options:
#   mintmark gateway companion spring >src/main/java/…/MintmarkJwtDecoder.java
# Without that class Spring takes typ JWT alone, and waits for the keys as long as it takes.
# The JWK set is fetched at the first request, kept for ${CACHE_SECONDS} s, and fetched again for a kid that is not
# known. Spring answers 401 to a bad token; where the keys cannot be had it throws
# AuthenticationServiceException, which is a 5xx and no reason to log anybody out.

server:
  port: ${port}

spring:
  security:
    oauth2:
      resourceserver:
        jwt:
          issuer-uri: "${issuer}"
          jwk-set-uri: "${jwksOf(settings)}"
          jws-algorithms: ${algorithm}
          audiences: "${audience}"
`
}
