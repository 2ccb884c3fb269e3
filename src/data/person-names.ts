/** Names of invented people: ASCII, so that they fit an address as well as a header. */

/** Given names, all different. */
export const GIVEN_NAMES = (
  'ada aisha akira alba amir ana andre anna arjun astrid bao beatriz ben boris carla carlos chen chloe clara daniel ' +
  'dara diego elena elif emil emma eva fatima felix fiona freya gabriel george greta hana hassan helen hugo ibrahim ' +
  'ines ingrid isabel ivan jana jasmin joao jonas jose julia kai karim katya kenji klara lars laura leila leo lina ' +
  'lucas lucia maja malik maria marta mateo maya mei mia milan mina mohamed nadia nina noah nora olga oliver omar ' +
  'paula pedro petra pia priya quentin rafael rania rosa ruth samir sara sofia stefan sven tara theo tomas uma vera ' +
  'victor wei yara yusuf zoe'
).split(' ');

/** Family names, all different. */
export const FAMILY_NAMES = (
  'abe adams ahmed ali almeida andersson bakker bauer berg bianchi blanc brown castro chen cohen costa cruz da-silva ' +
  'dahl diaz dubois dupont eriksson evans fernandez fischer fontaine fuchs garcia gomez green gruber haas hansen ' +
  'harris hassan hoffmann horvat huber ibrahim ito ivanova jansen jensen johnson jones jovanovic kaya keller khan ' +
  'kim kovacs kowalski kumar larsen lee lehmann lopez lund maier marino martin mehta meyer mitchell mohamed moreau ' +
  'moreno mueller nakamura nguyen nielsen novak nowak okafor oliveira olsen osman park patel pereira peters petrov ' +
  'popescu ricci rivera robinson rossi roux ruiz sanchez santos sato schmidt schneider silva singh smith sousa suzuki ' +
  'svensson takahashi tanaka taylor thomas toth tran vargas virtanen vogel wagner walker wang weber white wilson wolf ' +
  'wood wright yamada yilmaz young zhang zimmermann'
).split(' ');
