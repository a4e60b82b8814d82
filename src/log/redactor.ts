export class Redactor {}
